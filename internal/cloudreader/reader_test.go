package cloudreader

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

const fresh = `{"version":1,"lastSwitch":"privatezone"}`

// healthy is a cloud as it should be.
func healthy() *stub {
	a, b := bound("vpc-aaaaa", "10.1.0.10"), bound("vpc-bbbbb", "10.2.0.10")
	return &stub{zones: []alibaba.Zone{a, b}, instances: map[string]alibaba.Instance{
		"cri-aaaaa": at("vpc-aaaaa", "10.1.0.10"), "cri-bbbbb": at("vpc-bbbbb", "10.2.0.10"),
	}}
}

var normal = map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {Addrs: addrs("10.2.0.10")}}

// run lets the reader work for a time.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), d)
	defer cancel()
	if err := w.Start(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// during lets it work for a time, and looks at its end.
func (w *world) during(d time.Duration, look func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error)
	go func() { ended <- w.Start(ctx) }()
	time.Sleep(d)
	look()
	cancel()
	if err := <-ended; err != nil {
		w.t.Fatal(err)
	}
}

// tells expects the metric of a finding, or with none that of a reading that fails.
func (w *world) tells(code Code) {
	w.t.Helper()
	metric := w.Reader.metrics.failing.WithLabelValues(name)
	if code != "" {
		metric = w.Reader.metrics.findings.WithLabelValues(name, string(code))
	}
	if testutil.ToFloat64(metric) < 1 {
		w.t.Errorf("no metric tells of it")
	}
}

func (w *world) expect(want map[string]zone.Records) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.zones(), cmp.Comparer(sameAddr)); diff != "" {
		w.t.Errorf("published (-want +got)\n%s", diff)
	}
}

func TestWhatDoesNotChangeIsWrittenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, `{"version":1,"lastSwitch":"hangzhou","later":{"a":1}}`)
		w.run(time.Hour)
		w.expect(normal)
		if got, want := w.state(), `{"lastSwitch":"hangzhou","later":{"a":1},"linked":{"zhangjiakou":["10.2.0.10"]},"version":1,"zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]},"vpc-bbbbb":{"addresses":["10.2.0.10"]}}}`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if w.writes() != 2 { // the zones, and what ACR says
			t.Errorf("written %d times", w.writes())
		}
		if s.reads < 110 || s.reads > 132 {
			t.Errorf("read %d times in an hour", s.reads)
		}
	})
}

func TestAFailoverByHandIsPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, fresh)
		w.run(time.Minute)
		s.zones[1] = bound("vpc-bbbbb", "a-registry.cn-hangzhou.cr.aliyuncs.com")
		w.run(time.Second)
		w.expect(map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com"}})
		if !strings.Contains(w.logs.String(), "code=NotPrimary") {
			t.Errorf("the log says nothing of it:\n%s", w.logs)
		}
	})
}

// TestNothingIsLost breaks what can break, for hours each. What was published stays, a
// metric that an alert goes by says so, and what is put in order is published.
func TestNothingIsLost(t *testing.T) {
	for sentence, test := range map[string]struct {
		breakIt func(*stub)
		told    Code // empty where the reading itself fails
	}{
		"the API is dark": {func(s *stub) { s.err = errors.New("no route to host") }, ""},
		"the API throttles": {func(s *stub) {
			s.err = &alibaba.Error{Service: "pvtz", Action: "DescribeZones", Kind: alibaba.Throttled}
		}, ""},
		"the credentials are refused": {func(s *stub) { s.err = &alibaba.Error{Service: "pvtz", Action: "DescribeZones", Kind: alibaba.Expired} }, ""},
		"all zones are gone":          {func(s *stub) { s.zones = nil }, NoZone},
		"the zone is bound elsewhere": {func(s *stub) { s.zones[1].VPCs[0].ID = "vpc-zzzzz" }, NoZone},
		"the zone is there twice":     {func(s *stub) { s.zones = append(s.zones, bound("vpc-bbbbb", "10.7.7.7")) }, AmbiguousZone},
		"the zone is emptied":         {func(s *stub) { s.zones[1].Records = nil }, EmptyZone},
		"the zone has a loopback":     {func(s *stub) { s.zones[1] = bound("vpc-bbbbb", "127.0.0.1") }, UnusableAddress},
		"the zone has more than a resolver reads": {func(s *stub) {
			for i := range zone.MaxAddrs + 1 {
				s.zones[1].Records = append(s.zones[1].Records, alibaba.Record{Addr: netip.AddrFrom4([4]byte{10, 3, byte(i >> 8), byte(i)})})
			}
		}, ""},
		"ACR can't be read":           {func(s *stub) { s.instances = nil }, NotRead},
		"all of it":                   {func(s *stub) { s.zones, s.instances = nil, nil }, NoZone},
		"the standby's zone is gone":  {func(s *stub) { s.zones = s.zones[1:] }, NoZone},
		"the standby's zone is empty": {func(s *stub) { s.zones[0].Records = nil }, EmptyZone},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := healthy()
				w := newWorld(t, s, fresh)
				w.run(time.Minute)
				test.breakIt(s)
				w.during(3*time.Hour, func() { w.tells(test.told) })
				w.expect(normal)
				if w.writes() != 2 {
					t.Errorf("written %d times", w.writes())
				}
				if n := strings.Count(w.logs.String(), "\n"); n > 6 {
					t.Errorf("%d lines in the log:\n%s", n, w.logs)
				}
				if !strings.Contains(w.logs.String(), "level=WARN") {
					t.Errorf("nobody is told:\n%s", w.logs)
				}
				// The next leader knows nothing but what is published.
				next := newWorld(t, s, w.state())
				next.during(time.Hour, func() { next.tells(test.told) })
				next.expect(normal)
				if next.state() != w.state() {
					t.Errorf("the next leader has made %s of %s", next.state(), w.state())
				}
				*s = *healthy()
				s.zones[1] = bound("vpc-bbbbb", "10.2.0.20")
				next.during(time.Minute, func() {
					if failing := testutil.ToFloat64(next.Reader.metrics.failing.WithLabelValues(name)); failing != 0 {
						t.Error("it fails still")
					}
				})
				next.expect(map[string]zone.Records{"vpc-aaaaa": normal["vpc-aaaaa"], "vpc-bbbbb": {Addrs: addrs("10.2.0.20")}})
			})
		})
	}
}

// TestADarkStart has nothing published yet, and no API for an hour.
func TestADarkStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		s.err = errors.New("no route to host")
		w := newWorld(t, s, fresh)
		w.during(time.Hour, func() { w.tells("") })
		if w.state() != fresh || w.writes() > 0 || !w.ReadAt(name).IsZero() {
			t.Errorf("published: %s", w.state())
		}
		s.err = nil
		w.run(time.Second)
		w.expect(normal)
		read := w.ReadAt(name)
		if time.Since(read) > time.Second {
			t.Errorf("it was read at %s", read)
		}
		s.err = errors.New("no route to host")
		w.run(time.Hour)
		if !w.ReadAt(name).Equal(read) {
			t.Errorf("in the dark it was read at %s", w.ReadAt(name))
		}
	})
}

func TestTheStateIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, healthy(), "")
		time.AfterFunc(10*time.Second, func() { w.put(fresh) })
		w.run(12 * time.Second)
		w.expect(normal)
	})
}

// TestAStateThatDoesNotComeIsTold has nobody keep the switch for an hour: that is no
// reason to call the cloud as often as the budget allows.
func TestAStateThatDoesNotComeIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, "")
		w.during(time.Hour, func() { w.tells("") })
		if s.reads > 150 {
			t.Errorf("read %d times in an hour", s.reads)
		}
		if text, _ := w.stands(); !strings.Contains(text, `"error":"`+errNotYet.Error()+`"`) {
			t.Errorf("the status is %s", text)
		}
		if n := strings.Count(w.logs.String(), errNotYet.Error()); n != 1 {
			t.Errorf("it is told %d times:\n%s", n, w.logs)
		}
		w.put(fresh)
		w.during(time.Minute, func() {
			if failing := testutil.ToFloat64(w.Reader.metrics.failing.WithLabelValues(name)); failing != 0 {
				t.Error("it fails still")
			}
		})
		w.expect(normal)
	})
}

// TestTheVersionThatWasReadIsWritten holds that the API server can refuse what
// would undo another's writing, which the stand-in for it doesn't.
func TestTheVersionThatWasReadIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, fresh)
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: inputs.StatusName, ResourceVersion: "8"}}
		if _, err := w.configMaps().Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		w.run(time.Second)
		versions := map[string]string{}
		for _, a := range w.client.Actions() {
			if p, ok := a.(clienttesting.PatchActionImpl); ok {
				var patch metav1.PartialObjectMetadata
				if err := json.Unmarshal(p.Patch, &patch); err != nil {
					t.Fatal(err)
				}
				versions[p.Name] = patch.ResourceVersion
			}
		}
		if diff := cmp.Diff(map[string]string{inputs.StateName: "7", inputs.StatusName: "8"}, versions); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestAStateThatIsWrittenMeanwhileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, healthy(), fresh)
		refused := 0
		w.client.PrependReactor("patch", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
			if refused++; refused > 3 {
				return false, nil, nil
			}
			return true, nil, apierrors.NewConflict(corev1.Resource("configmaps"), inputs.StateName, errors.New("changed"))
		})
		w.run(10 * time.Second)
		w.expect(normal)
	})
}

func TestAStateOfALaterVersionIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const later = `{"version":9,"zones":{}}`
		w := newWorld(t, healthy(), later)
		w.run(time.Hour)
		if w.state() != later || w.writes() != 0 {
			t.Errorf("written: %s", w.state())
		}
		if strings.Count(w.logs.String(), "the state has version 9") != 1 {
			t.Errorf("the log says\n%s", w.logs)
		}
	})
}

// TestAStateOfTheNextVersionIsAddedTo: controllers of two versions work on it in an upgrade.
func TestAStateOfTheNextVersionIsAddedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, healthy(), `{"version":2,"lastSwitch":"hangzhou","later":[1]}`)
		w.run(time.Minute)
		w.expect(normal)
		if !strings.Contains(w.state(), `"version":2`) || !strings.Contains(w.state(), `"later":[1]`) || !strings.Contains(w.state(), `"lastSwitch":"hangzhou"`) {
			t.Errorf("published: %s", w.state())
		}
	})
}

func TestAnotherConfigurationIsReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, fresh)
		time.AfterFunc(5*time.Second, func() {
			c := w.example()
			c.Endpoints[0].Instances[0].InternalAddresses = []string{"10.1.0.10"}
			c.Endpoints[0].Instances[0].Region = "cn-beijing"
			c.Endpoints[0].Instances[1].Name = "beijing"
			c.Endpoints[0].Primary = "beijing"
			w.Configure(c)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ended := make(chan struct{})
		go func() { defer close(ended); _ = w.Start(ctx) }()
		time.Sleep(6 * time.Second)
		w.expect(map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.2.0.10")}})
		if n, err := testutil.GatherAndCount(w.metrics, "registry_failover_privatezone_target"); n != 2 || err != nil {
			t.Errorf("%d instances have a metric: %v", n, err)
		}
		if diff := cmp.Diff([]string{"cn-hangzhou", "cn-zhangjiakou", "cn-beijing", "cn-zhangjiakou"}, s.asked); diff != "" {
			t.Errorf("ACR is asked in these regions (-want +got)\n%s", diff)
		}
		<-ended
	})
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		s.zones = s.zones[1:]
		w := newWorld(t, s, fresh)
		ended := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(ended); _ = w.Start(ctx) }()
		time.Sleep(time.Second)
		want := `
# HELP registry_failover_privatezone_target 1 for the instance that the zone in the cluster's VPC leads to, 0 for the others; absent on a replica that doesn't lead.
# TYPE registry_failover_privatezone_target gauge
registry_failover_privatezone_target{endpoint="cross-region.registry.io",instance="hangzhou"} 0
registry_failover_privatezone_target{endpoint="cross-region.registry.io",instance="zhangjiakou"} 1
`
		if err := testutil.GatherAndCompare(w.metrics, strings.NewReader(want), "registry_failover_privatezone_target"); err != nil {
			t.Error(err)
		}
		if got := testutil.ToFloat64(w.Reader.metrics.findings.WithLabelValues(name, string(NoZone))); got != 1 {
			t.Errorf("%v findings", got)
		}
		cancel()
		<-ended
		if n, err := testutil.GatherAndCount(w.metrics); n != 0 || err != nil {
			t.Errorf("%d metrics are left: %v", n, err)
		}
	})
}

// TestFromTheCloudToTheState has the SDK, HTTPS, and a record that is edited.
func TestFromTheCloudToTheState(t *testing.T) {
	text, err := os.ReadFile("../../test/fakecloud/testdata/two-regions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := cloud.ParseData(text)
	if err != nil {
		t.Fatal(err)
	}
	fake := cloud.New(data)
	server := httptest.NewTLSServer(fake)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	address := strings.TrimPrefix(server.URL, "https://")

	secret := t.TempDir()
	for file, content := range map[string]string{alibaba.FileAccessKeyID: "LTAI-demo", alibaba.FileAccessKeySecret: "demo-secret"} {
		if err := os.WriteFile(filepath.Join(secret, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, nil, fresh)
	client, err := alibaba.New(alibaba.Options{
		Sessions:  alibaba.NewKeeper(alibaba.Files{Dir: secret}, w.metrics, slog.New(slog.DiscardHandler)),
		Addresses: alibaba.Addresses{PrivateZone: address, STS: address, Registry: func(string) string { return address }},
		Region:    "cn-zhangjiakou", Roots: roots, Metrics: w.metrics, UserAgent: "registry-failover/test",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w.Cloud = client
	once := func() {
		t.Helper()
		if !w.round(t.Context(), w.Reader.config.Load()) {
			t.Fatal("it would be tried again")
		}
	}
	once()
	w.expect(normal)
	if w.logs.Len() > 0 && strings.Contains(w.logs.String(), "WARN") {
		t.Errorf("the log says\n%s", w.logs)
	}
	calls := len(fake.Calls())
	once()
	if n := len(fake.Calls()) - calls; n != 4 {
		t.Errorf("%d calls at rest", n)
	}
	data.Zones[1].Records = []cloud.Record{{RR: "@", Type: "CNAME", Value: "a-registry.cn-hangzhou.cr.aliyuncs.com"}}
	fake.SetData(data)
	once()
	w.expect(map[string]zone.Records{"vpc-aaaaa": {Addrs: addrs("10.1.0.10")}, "vpc-bbbbb": {CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com"}})
}

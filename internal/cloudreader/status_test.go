package cloudreader

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// stands is the text of the status, and how often it was written.
func (w *world) stands() (text string, times int) {
	w.t.Helper()
	c, err := w.configMaps().Get(w.t.Context(), inputs.StatusName, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range w.client.Actions() {
		switch a := a.(type) {
		case clienttesting.CreateActionImpl:
			if c, ok := a.Object.(*corev1.ConfigMap); ok && c.Name == inputs.StatusName {
				times++
			}
		case clienttesting.PatchActionImpl:
			if a.Name == inputs.StatusName {
				times++
			}
		}
	}
	return c.Data[name], times
}

func TestTheStatusTellsWhatIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, fresh)
		w.run(time.Second)
		text, _ := w.stands()
		if want := `{"privateZone":{"readAt":"2000-01-01T00:00:00Z","target":"zhangjiakou","network":"internal"},"version":1}`; text != want {
			t.Errorf("got %s, want %s", text, want)
		}
		time.Sleep(statusPause)
		s.zones = s.zones[1:]
		w.run(time.Second)
		text, _ = w.stands()
		if !strings.Contains(text, `"findings":[{"code":"NoZone","text":"no zone named cross-region.registry.io is bound to the VPC vpc-aaaaa: the address that ACR has there is taken"}]`) {
			t.Errorf("got %s", text)
		}
		time.Sleep(statusPause)
		s.err = &alibaba.Error{Service: "pvtz", Action: "DescribeZones", Kind: alibaba.Denied, Code: "Forbidden.RAM", RequestID: "1B21A877"}
		w.run(time.Second)
		text, _ = w.stands()
		var got struct{ PrivateZone Status }
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		want := Status{
			ReadAt: time.Date(2000, 1, 1, 0, 1, 1, 0, time.UTC), Target: "zhangjiakou", Network: zone.Internal, Findings: got.PrivateZone.Findings,
			Error: "pvtz DescribeZones failed: Forbidden.RAM; allow pvtz:DescribeZones in the RAM policy",
		}
		if diff := cmp.Diff(want, got.PrivateZone); diff != "" || len(want.Findings) != 1 {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// TestTheNextLeaderTellsTheAge has the API dark from its start.
func TestTheNextLeaderTellsTheAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, fresh)
		w.run(time.Second)
		time.Sleep(time.Hour)
		s.err = errors.New("no route to host")
		o := w.Options
		o.Metrics = prometheus.NewRegistry()
		next := New(o)
		next.Configure(w.example())
		ended := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() { defer close(ended); _ = next.Start(ctx) }()
		time.Sleep(time.Second)
		if got := testutil.ToFloat64(next.metrics.read.WithLabelValues(name)); got != 946684800 {
			t.Errorf("the metric tells %v", got)
		}
		<-ended
		text, _ := w.stands()
		if want := `{"privateZone":{"readAt":"2000-01-01T00:00:00Z","target":"zhangjiakou","network":"internal","error":"no route to host"},"version":1}`; text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	})
}

func TestTheStatusIsWrittenNowAndThen(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*stub)
		most   int // within an hour
	}{
		"at rest":                     {func(*stub) {}, 7},
		"while all the time it flaps": {func(s *stub) { s.zones[0].Records, s.zones[1].Records = s.zones[1].Records, s.zones[0].Records }, 61},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := healthy()
				w := newWorld(t, s, fresh)
				s.before = func() { test.change(s) }
				w.run(time.Hour)
				if _, times := w.stands(); times < 5 || times > test.most {
					t.Errorf("written %d times in an hour", times)
				}
			})
		})
	}
}

func TestWhatOthersHaveInTheStatusStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, healthy(), fresh)
		c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: inputs.StatusName}, Data: map[string]string{name: `{"version":1,"health":{"a":1}}`, "other": "x"}}
		if _, err := w.configMaps().Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		w.run(time.Second)
		if text, _ := w.stands(); !strings.HasPrefix(text, `{"health":{"a":1},"privateZone":{`) {
			t.Errorf("got %s", text)
		}
	})
}

// TestWithoutAStatusAllTheRestGoesOn has somebody take the right away.
func TestWithoutAStatusAllTheRestGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, healthy(), fresh)
		w.client.PrependReactor("create", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(corev1.Resource("configmaps"), inputs.StatusName, errors.New("no"))
		})
		w.run(time.Hour)
		w.expect(normal)
		if n := strings.Count(w.logs.String(), "the status can't be written"); n != 1 {
			t.Errorf("it is logged %d times:\n%s", n, w.logs)
		}
	})
}

// TestAStatusThatIsWrittenMeanwhileIsNoTrouble: whoever writes the record back writes into it, too.
func TestAStatusThatIsWrittenMeanwhileIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, healthy(), fresh)
		refused := 0
		w.client.PrependReactor("create", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
			if refused++; refused > 1 {
				return false, nil, nil
			}
			return true, nil, apierrors.NewAlreadyExists(corev1.Resource("configmaps"), inputs.StatusName)
		})
		w.run(time.Minute)
		if text, _ := w.stands(); !strings.Contains(text, `"target":"zhangjiakou"`) {
			t.Errorf("the status is %s", text)
		}
		if strings.Contains(w.logs.String(), "WARN") {
			t.Errorf("the log says\n%s", w.logs)
		}
	})
}

// TestAnAgeIsNotLostToAReadThatFails has the API server fail when the next leader
// asks for the status, and the cloud be dark.
func TestAnAgeIsNotLostToAReadThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		w := newWorld(t, s, fresh)
		w.run(time.Second)
		time.Sleep(time.Hour)
		s.err = errors.New("no route to host")
		fails := 2
		w.client.PrependReactor("get", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
			if get, is := a.(clienttesting.GetActionImpl); !is || get.Name != inputs.StatusName || fails == 0 {
				return false, nil, nil
			}
			fails--
			return true, nil, apierrors.NewInternalError(errors.New("etcd is away"))
		})
		o := w.Options
		o.Metrics = prometheus.NewRegistry()
		next := New(o)
		next.Configure(w.example())
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if err := next.Start(ctx); err != nil || fails > 0 {
			t.Fatalf("%v, %d reads were not made", err, fails)
		}
		text, _ := w.stands()
		if want := `{"privateZone":{"readAt":"2000-01-01T00:00:00Z","target":"zhangjiakou","network":"internal","error":"no route to host"},"version":1}`; text != want {
			t.Errorf("got %s, want %s", text, want)
		}
	})
}

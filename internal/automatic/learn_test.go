package automatic

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

func TestWhatIsKnownOfImages(t *testing.T) {
	status := func(at string, complete bool, share float64, unknown int) string {
		return fmt.Sprintf(`{"version":1,"readiness":{"at":"2026-11-24T%sZ","complete":%t,"images":100,"instances":[{"instance":"hangzhou","present":1,"unknown":%d,"share":%v}]}}`, at, complete, unknown, share)
	}
	known := func(share float64) map[string]float64 { return map[string]float64{"hangzhou": share} }
	for sentence, test := range map[string]struct {
		read []string
		want map[string]float64
	}{
		"a look through all of them":                {[]string{status("11:30:00", true, 0.97, 0)}, known(0.97)},
		"one of more than an hour ago":              {[]string{status("10:59:59", true, 0.97, 0)}, known(-1)},
		"one that isn't through, and may be enough": {[]string{status("11:30:00", false, 0.5, 45)}, known(-1)},
		"one that isn't, and is enough already":     {[]string{status("11:30:00", false, 0.95, 5)}, known(0.95)},
		"one that isn't, and can't be enough":       {[]string{status("11:30:00", false, 0.5, 44)}, known(0.94)},
		"a new leader begins anew":                  {[]string{status("11:30:00", true, 0.97, 0), status("11:40:00", false, 0.1, 90)}, known(0.97)},
		"it began more than an hour ago":            {[]string{status("10:30:00", true, 0.97, 0), status("11:40:00", false, 0.1, 90)}, known(-1)},
		"it finds less":                             {[]string{status("11:30:00", true, 0.97, 0), status("11:40:00", false, 0.1, 10)}, known(0.2)},
		"it finds more":                             {[]string{status("11:30:00", true, 0.5, 0), status("11:40:00", false, 0.96, 4)}, known(0.96)},
		"it is through":                             {[]string{status("11:30:00", true, 0.97, 0), status("11:40:00", true, 0.5, 0)}, known(0.5)},
		"nobody has looked":                         {[]string{`{"version":1}`}, known(-1)},
		"nothing stands there":                      {[]string{``}, known(-1)},
		"nothing that can be read":                  {[]string{`{"readiness":[]}`}, known(-1)},
	} {
		t.Run(sentence, func(t *testing.T) {
			var i images
			for _, text := range test.read {
				i = i.then(parseReadiness(text))
			}
			got := i.shares(0.95, noon)
			if test.want["hangzhou"] < 0 {
				test.want = map[string]float64{}
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestThePublishedImagesCount, where no part of the same process tells of them.
func TestThePublishedImagesCount(t *testing.T) {
	ready := func(share string) func(*world) {
		return func(w *world) {
			w.api.maps[inputs.StatusName] = &corev1.ConfigMap{Data: map[string]string{
				shared: `{"readiness":{"at":"2000-01-01T00:15:00Z","complete":true,"instances":[{"instance":"hangzhou","share":` + share + `}]}}`,
			}}
			w.api.maps[inputs.StatusName].ResourceVersion = "x"
			w.published = true
		}
	}
	for share, want := range map[string]zone.Target{"0.96": hangzhou, "0.94": {}} {
		play(t, ready(share), func(w *world) {
			w.ill(shared, zhangjiakou)
			time.Sleep(soon)
			if got := w.leads(shared); got != want {
				t.Errorf("with %s it leads to %s", share, got)
			}
		})
	}
}

func TestWhatDNSHasSaidStaysUntilItIsOld(t *testing.T) {
	play(t, nil, func(w *world) {
		w.change(func() { delete(w.dns, shared) })
		time.Sleep(time.Minute)
		zones := w.config.Zones()
		if _, at := w.first.PrivateZone.read(zones[0], inputs.Object{}, w.first.learnt.Load(), time.Now()); at.IsZero() {
			t.Error("after a minute it isn't known what PrivateZone gives")
		}
		time.Sleep(oldestZone)
		if _, at := w.first.PrivateZone.read(zones[0], inputs.Object{}, w.first.learnt.Load(), time.Now()); !at.IsZero() {
			t.Error("it is known for ever what PrivateZone gives")
		}
	})
}

// TestATargetOverThePublicNetworkNeedsItsAddress, which is looked up here as nodes do.
func TestATargetOverThePublicNetworkNeedsItsAddress(t *testing.T) {
	public := zone.Target{Instance: "hangzhou", Network: zone.Public}
	for sentence, test := range map[string]struct {
		known bool
		want  zone.Target
	}{"known": {true, public}, "not known": {false, zone.Target{}}} {
		t.Run(sentence, func(t *testing.T) {
			play(t, func(w *world) {
				w.config.Endpoints[0].Instances[0].Network = zone.Public
				w.see(shared, public, "healthy", 3, 0)
				if test.known {
					w.dns["a-registry.cn-hangzhou.cr.aliyuncs.com"] = zone.Records{Addrs: addrs("203.0.113.10")}
				}
			}, func(w *world) {
				w.ill(shared, zhangjiakou)
				time.Sleep(soon)
				if got := w.leads(shared); got != test.want {
					t.Errorf("it leads to %s", got)
				}
			})
		})
	}
}

package automatic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

func TestWhatIsKnownOfImages(t *testing.T) {
	const instances = `"instances":[{"instance":"hangzhou","share":0.97,"present":97,"missing":3},{"instance":"zhangjiakou","share":1}]}}`
	for sentence, test := range map[string]struct {
		status string
		want   map[string]float64
	}{
		"a look through all of them":      {`{"readiness":{"at":"2026-11-24T11:30:00Z","complete":true,` + instances, map[string]float64{"hangzhou": 0.97, "zhangjiakou": 1}},
		"a look that isn't through":       {`{"readiness":{"at":"2026-11-24T11:30:00Z","complete":false,` + instances, nil},
		"a look of more than an hour ago": {`{"readiness":{"at":"2026-11-24T10:59:59Z","complete":true,` + instances, nil},
		"nobody has looked":               {`{"version":1}`, nil},
		"nothing stands there":            {``, nil},
		"nothing that can be read":        {`{"readiness":[]}`, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseReadiness(test.status).shares(noon)); diff != "" {
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
		if _, known := w.first.PrivateZone.read(zones[0], inputs.Object{}, w.first.learnt.Load(), time.Now()); !known {
			t.Error("after a minute it isn't known what PrivateZone gives")
		}
		time.Sleep(oldestZone)
		if _, known := w.first.PrivateZone.read(zones[0], inputs.Object{}, w.first.learnt.Load(), time.Now()); known {
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

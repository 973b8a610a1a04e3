package admission_test

import (
	"os"
	"testing"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// newFull is a handler with the configuration that has every key: two
// endpoints, of which only the first has patterns.
func newFull(t *testing.T) webhook {
	t.Helper()
	full, err := os.ReadFile("../../testdata/config/full.yaml")
	must(t, err)
	c, err := config.Parse(full)
	must(t, err)
	w := newWebhook(t, "")
	must(t, w.Configure(c))
	return w
}

const second = "second.registry.io"

// TestRepositoriesOfEachEndpoint: what one endpoint leaves out is another's to rewrite.
func TestRepositoriesOfEachEndpoint(t *testing.T) {
	const other = "c-registry.cn-beijing.cr.aliyuncs.com"
	w := newFull(t)
	pod := running(source+"/team/web:1", source+"/team/local:1", source+"/else/web:1", other+"/team/local:1", other+"/else/web:1")
	r := w.ask(t, "/enforce", review(t, pod))
	compare(t, []string{
		`replace /spec/containers/0/image "` + shared + `/team/web:1"`,
		`replace /spec/containers/3/image "` + second + `/team/local:1"`,
		`replace /spec/containers/4/image "` + second + `/else/web:1"`,
	}, operations(t, r)[:3])
	compare(t, map[string]float64{
		shared + " containers Rewritten":          1,
		shared + " containers RepositoryExcluded": 2,
		second + " containers Rewritten":          2,
	}, w.samples(t, "registry_failover_admission_images_total"))
}

// TestWhatIsLeftAloneIsCountedWithItsReason has the reasons for which an image is
// left alone although its host is a source host.
func TestWhatIsLeftAloneIsCountedWithItsReason(t *testing.T) {
	image := `"image":"` + source + `/team/web:1"`
	everywhere := `"spec":{"initContainers":[{` + image + `}],"containers":[{` + image + `}],"ephemeralContainers":[{` + image + `}],
		"volumes":[{"image":{"reference":"` + source + `/team/model"}}]}}`
	never := `{"metadata":{},"spec":{"initContainers":[{` + image + `,"imagePullPolicy":"Never"}],"containers":[{` + image + `,"imagePullPolicy":"Never"}],
		"ephemeralContainers":[{` + image + `,"imagePullPolicy":"Never"}],"volumes":[{"image":{"reference":"` + source + `/team/model","pullPolicy":"Never"}}]}}`
	unchanged := `{"metadata":{},` + everywhere
	for reason, body := range map[string][]byte{
		"MirrorPod":   review(t, `{"metadata":{"annotations":{"kubernetes.io/config.mirror":"3c1e"}},`+everywhere),
		"OptedOut":    review(t, `{"metadata":{"labels":{"registry-failover.io/rewrite":"false"}},`+everywhere),
		"NeverPulled": review(t, never),
		"NotChanged":  review(t, unchanged, updateOf(unchanged, "")),
	} {
		for _, path := range []string{"/mutate", "/enforce", "/audit"} {
			t.Run(reason+path, func(t *testing.T) {
				w := newFull(t)
				r := w.ask(t, path, body)
				if r.Patch != nil || r.Warnings != nil || r.AuditAnnotations != nil {
					t.Errorf("the answer is %+v", r)
				}
				compare(t, map[string]float64{
					" initContainers " + reason: 1, " containers " + reason: 1, " ephemeralContainers " + reason: 1, " volumes " + reason: 1,
				}, w.samples(t, "registry_failover_admission_images_total"))
				compare(t, map[string]float64{"unchanged": 1}, w.requests(t))
			})
		}
	}
}

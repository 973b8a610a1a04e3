package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// holdLimits has the API server take what the chart makes of 20 endpoints with
// 5 instances each, whose names are as long as a name may be, and asks it about
// a pod with an image on the last of them.
func holdLimits(t *testing.T) {
	var text strings.Builder
	text.WriteString("image: {registry: registry.example.com}\nconfig:\n  endpoints:\n")
	for e := range 20 {
		fmt.Fprintf(&text, "  - name: %s\n    primary: i0\n    rewrite: {repositories: {include: [team/**, shop/*], exclude: [local/*]}}\n    instances:\n", longHost("endpoint", e, 0))
		for i := range 5 {
			fmt.Fprintf(&text, "    - {name: i%d, id: cri-%[1]d, region: cn, network: public, publicEndpoint: %s, internalEndpoint: %s}\n", i, longHost("public", e, i), longHost("internal", e, i))
		}
	}
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	image := longHost("internal", 19, 4) + "/team/web:1"
	for mechanism, test := range map[string]struct {
		templates []string
		holds     func(ctx context.Context) error
	}{
		// Nobody answers there, so that the API server counts what it lets pass without an answer.
		"Webhook": {[]string{"webhook/mutatingwebhookconfiguration"}, func(ctx context.Context) error {
			const counter = `apiserver_admission_webhook_fail_open_count{name="pods.registry-failover.io",type="admit"}`
			var asked [3]int
			for i, image := range []string{"", cluster.Endpoint + "/team/web", image} {
				if image != "" {
					if _, err := wouldBecome(ctx, metav1.ObjectMeta{Namespace: shop}, image); err != nil {
						return err
					}
				}
				var err error
				if asked[i], err = apiServerCounts(ctx, counter); err != nil {
					return err
				}
			}
			if foreign, own := asked[1]-asked[0], asked[2]-asked[1]; foreign != 0 || own != 1 {
				return fmt.Errorf("the webhook was asked %d times for another image, and %d times for one of its own", foreign, own)
			}
			return nil
		}},
		"Policy": {[]string{"policy/mutating", "policy/audit"}, func(ctx context.Context) error {
			got, err := wouldBecome(ctx, metav1.ObjectMeta{Namespace: shop}, image)
			if want := longHost("endpoint", 19, 0) + "/team/web:1"; err == nil && got != want {
				err = fmt.Errorf("the image became %s", got)
			}
			return err
		}},
	} {
		args := []string{"template", "registry-failover", filepath.Join(node.Root, "charts", "registry-failover"), "--namespace", namespace, "--values", values, "--set", "admission.mechanism=" + mechanism}
		for _, template := range test.templates {
			args = append(args, "--show-only", "templates/"+template+".yaml")
		}
		rendered, err := node.Helm(t.Context(), 4, args...)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", mechanism, len(rendered))
		manifest := filepath.Join(t.TempDir(), "manifest.yaml")
		if err := os.WriteFile(manifest, []byte(rendered), 0o600); err != nil {
			t.Fatal(err)
		}
		kubectl(t, "create", "-f", manifest)
		await(t, mechanism+" holds the limits", 10*time.Second, test.holds)
		kubectl(t, "delete", "-f", manifest)
	}
}

// longHost is a name of 253 characters.
func longHost(kind string, endpoint, instance int) string {
	name := fmt.Sprintf("%s-%d-%d.registry.io", kind, endpoint, instance)
	for len(name) < 253 {
		name = strings.Repeat("x", min(63, 253-len(name)-1)) + "." + name
	}
	return name
}

// apiServerCounts is the value of a metric of the API server, 0 where it isn't there yet.
func apiServerCounts(ctx context.Context, metric string) (value int, err error) {
	page, err := node.Client.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(page)) {
		if text, found := strings.CutPrefix(line, metric+" "); found {
			_, err = fmt.Sscan(text, &value)
		}
	}
	return value, err
}

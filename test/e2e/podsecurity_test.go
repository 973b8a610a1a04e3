package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestPodSecurity asks the API server about each pod of the chart, in a
// namespace that enforces "restricted". All are admitted but the DaemonSet's, of
// which it has exactly the complaints that docs/resolver.md gives reasons for, and
// those of precheck and prober, which are on the host's network.
func TestPodSecurity(t *testing.T) {
	const restricted = "restricted"
	if _, err := node.Apply(t.Context(), "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+restricted+
		", labels: {pod-security.kubernetes.io/enforce: restricted}}\n"); err != nil {
		t.Fatal(err)
	}
	defer kubectl(t, "delete", "namespace", restricted)
	awaitAccount(t, restricted)
	for setting, values := range map[string][]string{
		"always":                       nil,
		"with `node.resetConnections`": {"--set", "config.node.resetConnections=true"},
	} {
		t.Run(setting, func(t *testing.T) {
			templates := podTemplates(t, values...)
			if len(templates) != 8 {
				t.Errorf("the chart has %d kinds of pods", len(templates))
			}
			for owner, template := range templates {
				_, err := node.Client.CoreV1().Pods(restricted).Create(t.Context(), &corev1.Pod{
					ObjectMeta: metav1.ObjectMeta{Name: "dry-run", Labels: template.Labels}, Spec: template.Spec,
				}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
				var want []string
				switch owner {
				case "DaemonSet registry-failover-resolver":
					want = exceptions(t, setting)
				case "Job " + precheckJob:
					want = []string{"host namespaces"}
				case "Deployment registry-failover-prober":
					want = []string{"host namespaces", "hostPort", "restricted volume types"}
				}
				got, failed := complaints(err)
				if failed != nil {
					t.Errorf("%s: %v", owner, failed)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-docs/resolver.md +the API server):\n%s", owner, diff)
				}
			}
		})
	}
}

// podTemplates are those of the chart's workloads, by kind and name.
func podTemplates(t *testing.T, values ...string) map[string]corev1.PodTemplateSpec {
	t.Helper()
	output, err := node.Helm(t.Context(), 4, append([]string{
		"template", "registry-failover", filepath.Join(node.Root, "charts", "registry-failover"), "--namespace", namespace,
		"--values", filepath.Join(node.Root, exampleValues), "--set", "image.registry=" + cluster.ProductRegistry,
	}, values...)...)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]corev1.PodTemplateSpec{}
	for decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(output), 4096); ; {
		var workload struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     struct{ Template corev1.PodTemplateSpec }
		}
		err := decoder.Decode(&workload)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if template := workload.Spec.Template; len(template.Spec.Containers) > 0 {
			template.Spec.ServiceAccountName = "" // their accounts aren't in this namespace
			found[workload.Kind+" "+workload.Metadata.Name] = template
		}
	}
}

// complaints are what Pod Security has said, without the explanations in brackets.
func complaints(refusal error) ([]string, error) {
	if refusal == nil {
		return nil, nil
	}
	_, text, ok := strings.Cut(refusal.Error(), `violates PodSecurity "restricted:latest": `)
	if !ok {
		return nil, fmt.Errorf("another refusal: %w", refusal)
	}
	var found []string
	for complaint := range strings.SplitSeq(text, "), ") {
		what, _, _ := strings.Cut(complaint, " (")
		found = append(found, what)
	}
	slices.Sort(found)
	return found, nil
}

// exceptions are the first column of the documents' table, of the rows with this setting in the second.
func exceptions(t *testing.T, setting string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(node.Root, "docs", "resolver.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n| Pod Security says | when | why |\n")
	var found []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if len(cells) < 3 {
			break
		}
		if cells[1] == "always" || cells[1] == setting {
			found = append(found, strings.Trim(cells[0], "|` "))
		}
	}
	slices.Sort(found)
	return found
}

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/switchcorpus"
)

// agreeOnGrammar tries every switch of the corpus: the policy takes what the
// resolvers take, and refuses all else.
func (s *scenario) agreeOnGrammar(t *testing.T) {
	endpoint := installedEndpoint(t)
	values := switchcorpus.Values()
	taken := 0
	for _, value := range values {
		patch, err := json.Marshal(map[string]any{"data": map[string]string{cluster.Endpoint: value}})
		if err != nil {
			t.Fatal(err)
		}
		_, parsed := endpoint.ParseSwitch(value)
		_, refused := node.Client.CoreV1().ConfigMaps(namespace).Patch(t.Context(), "registry-failover", types.MergePatchType, patch,
			metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		if (parsed == nil) != (refused == nil) {
			t.Errorf("%q: resolvers say %v, the API server says %v", value, parsed, refused)
		}
		if refused == nil {
			taken++
		}
	}
	if taken == 0 || taken == len(values) {
		t.Errorf("%d of %d values were taken: the corpus shows nothing", taken, len(values))
	}
	t.Logf("%d values, %d valid", len(values), taken)
}

// installedEndpoint is the endpoint of the values that the chart was installed with.
func installedEndpoint(t *testing.T) zone.Endpoint {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Root, exampleValues))
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		Config any `json:"config"`
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	text, err = yaml.Marshal(values.Config)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Zones()[0]
}

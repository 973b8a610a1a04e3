package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/configcorpus"
)

// TestParseRefusesMistakes expects one sentence for each mistake of the corpus.
func TestParseRefusesMistakes(t *testing.T) {
	example := read(t, "example.yaml")
	mistakes := configcorpus.Mistakes(example)
	if len(mistakes) < 110 {
		t.Errorf("there are only %d: some have the same name", len(mistakes))
	}
	for name, mistake := range mistakes {
		t.Run(name, func(t *testing.T) {
			text := mistake.Edit(example)
			if text == example {
				t.Fatal("the example has nothing to replace")
			}
			_, err := config.Parse([]byte(text))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(mistake.Want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

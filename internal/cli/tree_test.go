package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withoutOutput print what has one form only.
var withoutOutput = []string{"completion", "help"}

func TestEveryVerbHasTheSameOptions(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		if slices.Contains(withoutOutput, cmd.Name()) {
			continue
		}
		output := cmd.Flags().Lookup("output")
		if output == nil || output.DefValue != "table" || output.Usage != "`FORMAT` of the output: table or json" || output.Shorthand != "o" {
			t.Errorf("%s has another -o, or none: %+v", cmd.Name(), output)
		}
		if !strings.Contains(cmd.Use, "[-o table|json]") || strings.Contains(cmd.Long+cmd.Example, "-o text") {
			t.Errorf("the help of %s tells of another -o: %s", cmd.Name(), cmd.Use)
		}
	}
}

func TestEveryVerbIsToldOfOnThePageOfThePlugin(t *testing.T) {
	page, err := os.ReadFile("../../docs/plugin.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range newRoot().Commands() {
		if !strings.Contains(string(page), "\n| [`"+cmd.Name()+"`](") {
			t.Errorf("docs/plugin.md has no row for %s", cmd.Name())
		}
	}
}

// TestEveryVerbHasAScript: what scripts hold is the program as people call it.
func TestEveryVerbHasAScript(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, cmd := range newRoot().Commands() {
		golden := false
		for line := range strings.Lines(all.String()) {
			call := strings.Contains(line, "exec kubectl-registry_failover "+cmd.Name()) || strings.HasPrefix(line, "code 1 "+cmd.Name())
			golden = golden || call
		}
		if !golden {
			t.Errorf("no script of testdata/script calls %s", cmd.Name())
		}
	}
}

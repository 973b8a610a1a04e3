package cli_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/cli"
)

// TestREADMEShowsWhatTheCommandPrints runs the README's example as a new user would.
func TestREADMEShowsWhatTheCommandPrints(t *testing.T) {
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const program = "$ bin/kubectl-registry_failover "
	_, example, found := strings.Cut(string(readme), program)
	example, _, ended := strings.Cut(example, "```")
	if !found || !ended {
		t.Fatalf("the README has no example that starts with %q", program)
	}
	command, output, _ := strings.Cut(strings.ReplaceAll(example, "\\\n", ""), "\n")
	var stdout, stderr bytes.Buffer
	if code := cli.Run(t.Context(), strings.Fields(command), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if diff := cmp.Diff(output, stdout.String()); diff != "" {
		t.Error(diff)
	}
}

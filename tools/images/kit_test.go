package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// repository makes a git repository with a module that is laid out as this one,
// whose programs tell only their version.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	const program = `package main

import "` + module + `/internal/diagnostics"

func main() { print(diagnostics.Version()) }
`
	for name, content := range map[string]string{
		"go.mod":                                "module " + module + "\n\ngo 1.26.0\n",
		"internal/diagnostics/version.go":       "package diagnostics\n\nvar version string\n\nfunc Version() string { return version }\n",
		"cmd/webhook/main.go":                   program,
		"cmd/resolver/main.go":                  program,
		"cmd/kubectl-registry_failover/main.go": program,
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git(t, root, "init", "--quiet")
	git(t, root, "add", ".")
	git(t, root, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "first")
	return root
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("git", args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// images runs the command in root and returns its standard output.
func images(t *testing.T, root string, args ...string) string {
	t.Helper()
	o, err := parse(args)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), root, o, &stdout, &stderr); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return stdout.String()
}

package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTwoClonesGiveTheSameImages is what reproducible means: another directory,
// another day, other flags that the user has for go, the same digests and bytes.
func TestTwoClonesGiveTheSameImages(t *testing.T) {
	original := repository(t)
	clone := filepath.Join(t.TempDir(), "a", "longer", "path")
	git(t, filepath.Dir(original), "clone", "--quiet", original, clone)

	outputs := []string{filepath.Join(t.TempDir(), "one.tar"), filepath.Join(t.TempDir(), "new", "two.tar")}
	first := images(t, original, "--registry", "localhost", "--tag", "v1.2.3", "--output", outputs[0])

	t.Setenv("GOFLAGS", "-buildvcs=true -tags=other")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("GOFIPS140", "latest")
	t.Setenv("GOEXPERIMENT", "fieldtrack")
	git(t, clone, "tag", "v9.9.9")
	second := images(t, clone, "--registry", "localhost", "--tag", "v1.2.3", "--output", outputs[1])

	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("digests (-original +clone):\n%s", diff)
	}
	if !regexp.MustCompile(`^localhost/registry-failover-resolver:v1\.2\.3@sha256:[0-9a-f]{64}
localhost/registry-failover-webhook:v1\.2\.3@sha256:[0-9a-f]{64}
$`).MatchString(first) {
		t.Errorf("got %q", first)
	}
	var archives [2][]byte
	for i, path := range outputs {
		var err error
		if archives[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
			t.Errorf("beside the archive there is more: %v, %v", left, err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the archives differ")
	}
}

func TestABuildThatFailsSaysWhy(t *testing.T) {
	root := repository(t)
	if err := os.WriteFile(filepath.Join(root, "cmd", "webhook", "main.go"), []byte("package main\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o, err := parse([]string{"--registry", "localhost", "--tag", "v1", "--platforms", "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	err = run(t.Context(), root, o, io.Discard, &said)
	if err == nil || !strings.Contains(err.Error(), "could not build the programs for amd64") || !strings.Contains(said.String(), "function main is undeclared") {
		t.Errorf("got %v, and go said %q", err, &said)
	}
}

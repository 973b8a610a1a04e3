package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheRevisionIsTheCommit(t *testing.T) {
	root := repository(t)
	head := git(t, root, "rev-parse", "HEAD")
	if got, err := revision(t.Context(), root); err != nil || got != head {
		t.Errorf("got %q, %v, want %q", got, err, head)
	}
	if err := os.WriteFile(filepath.Join(root, "new.go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := revision(t.Context(), root); err != nil || got != head+"-dirty" {
		t.Errorf("with a file that isn't committed: got %q, %v", got, err)
	}
}

func TestWithoutARepositoryTheRevisionMustBeNamed(t *testing.T) {
	_, err := revision(t.Context(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "name it with --revision") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

func TestTheCommitOfAnotherRepositoryIsNotTaken(t *testing.T) {
	inside := filepath.Join(repository(t), "cmd")
	_, err := revision(t.Context(), inside)
	if err == nil || !strings.Contains(err.Error(), "is inside another repository") {
		t.Errorf("got %v", err)
	}
}

func TestEveryProgramButThePluginGetsAnImage(t *testing.T) {
	got, err := programs(repository(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"resolver", "webhook"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheModuleIsFoundFromBelow(t *testing.T) {
	root := repository(t)
	t.Chdir(filepath.Join(root, "cmd", "webhook"))
	got, err := moduleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if resolved, err := filepath.EvalSymlinks(root); err != nil || got != resolved && got != root {
		t.Errorf("got %q, want %q (%v)", got, root, err)
	}
	t.Chdir(t.TempDir())
	if got, err := moduleRoot(t.Context()); err == nil {
		t.Errorf("outside of a module there is one: %q", got)
	}
}

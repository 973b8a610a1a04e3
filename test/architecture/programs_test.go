package architecture

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whoever clones the repository gets its whole history, so a compiled program that
// was committed once, such as one that `go build ./cmd/controller` leaves behind, is
// carried about for ever.
func TestNoCompiledProgramIsCommitted(t *testing.T) {
	list := exec.Command("git", "ls-files", "-z")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("could not list what git keeps: %v", err)
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if !slices.Contains(files, "go.mod") {
		t.Fatalf("git keeps no go.mod among %d files: this is not the repository's root", len(files))
	}
	for _, file := range files {
		if isProgram(t, filepath.Join(root, file)) {
			t.Errorf("%s is a compiled program: run `git rm --cached %[1]s`", file)
		}
	}
}

// isProgram goes by the first four bytes: ELF, or Mach-O of 64 bits in the order of little-endian machines.
func isProgram(t *testing.T, path string) bool {
	f, err := os.Open(path)
	if os.IsNotExist(err) { // removed, and not yet committed
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var magic [4]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil {
		return false
	}
	return string(magic[:]) == "\x7fELF" || string(magic[:]) == "\xcf\xfa\xed\xfe"
}

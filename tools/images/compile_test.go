package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// TestTheTagIsTheVersion links the real package, because the linker says nothing
// about a variable that it doesn't find.
func TestTheTagIsTheVersion(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a program for Linux doesn't run here")
	}
	dir := t.TempDir()
	if err := compile(t.Context(), "../..", runtime.GOARCH, "v1.2.3", dir, io.Discard, "./tools/images/testdata/version"); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(filepath.Join(dir, "version")).Output()
	if err != nil || string(said) != "v1.2.3" {
		t.Errorf("the program says %q, %v", said, err)
	}
}

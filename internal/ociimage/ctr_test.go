package ociimage

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeCtr writes a program that stands in for ctr and returns its path.
func fakeCtr(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ctr")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImportGivesCtrTheArchive(t *testing.T) {
	images := several(t)
	out := t.TempDir()
	ctr := fakeCtr(t, `echo "$@" >`+out+`/words; cat >`+out+`/archive`)
	if err := Import(t.Context(), []string{ctr, "--address", "/run/c.sock"}, images); err != nil {
		t.Fatal(err)
	}
	words, err := os.ReadFile(out + "/words")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(words), "--address /run/c.sock --namespace k8s.io images import -\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got, err := os.ReadFile(out + "/archive")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := WriteArchive(&want, images); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("ctr got another archive")
	}
}

func TestImportTellsWhatCtrSaid(t *testing.T) {
	err := Import(t.Context(), []string{fakeCtr(t, "echo cannot access socket >&2; exit 1")}, several(t))
	if err == nil || !strings.Contains(err.Error(), "exit status 1: cannot access socket") {
		t.Errorf("got %v", err)
	}
}

func TestImportTellsWhyNothingWasSent(t *testing.T) {
	images := several(t)
	images["short"] = images["registry.k8s.io/pause:3.10"]
	err := Import(t.Context(), []string{fakeCtr(t, "cat >/dev/null")}, images)
	if err == nil || !strings.Contains(err.Error(), `image name "short" is not complete`) {
		t.Errorf("got %v", err)
	}
}

func TestImportNeedsAProgram(t *testing.T) {
	if err := Import(t.Context(), nil, several(t)); err == nil {
		t.Error("no words are no error")
	}
	if err := Import(t.Context(), []string{"/nowhere/ctr"}, several(t)); err == nil || !strings.Contains(err.Error(), "/nowhere/ctr") {
		t.Errorf("got %v", err)
	}
}

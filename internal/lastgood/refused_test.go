package lastgood

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStoreSaysWhyTheSystemRefuses puts something in the way, which stops root
// too. Once it is gone the same Store works.
func TestStoreSaysWhyTheSystemRefuses(t *testing.T) {
	file := func(path string) error { return os.WriteFile(path, nil, 0o600) }
	full := func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) }
	for sentence, c := range map[string]struct {
		at    string // what is in the way, in the directory above the cache
		block func(path string) error
		is    error
		says  string
	}{
		"the directory can't be made":           {".", func(path string) error { return os.Symlink("nowhere", filepath.Join(path, "cache")) }, fs.ErrExist, "remove what stands in its place"},
		"a file stands where the directory was": {"cache", file, syscall.ENOTDIR, "remove what stands in its place"},
		"a file stands where a part of it was":  {"cache/switch", file, syscall.ENOTDIR, "remove what stands in its place"},
		"a directory stands where the file was": {"cache/switch/a.example.com", full, fs.ErrExist, "remove what stands in its place"},
	} {
		t.Run(sentence, func(t *testing.T) {
			above := t.TempDir()
			dir := filepath.Join(above, "cache")
			at := filepath.Join(above, c.at)
			must(t, os.MkdirAll(filepath.Dir(at), 0o700))
			must(t, c.block(at))
			s := Open(dir)
			first, second := s.Save("switch/a.example.com", []byte("x")), s.Save("switch/a.example.com", []byte("x"))
			if !errors.Is(first, c.is) || !strings.Contains(first.Error(), c.says) {
				t.Errorf("error %v", first)
			}
			for _, err := range []error{first, second} {
				if err == nil || err.Error() != first.Error() || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), ".new-") {
					t.Errorf("error %v, and before %v", err, first)
				}
			}
			if _, err := s.Load("switch/a.example.com"); err == nil {
				t.Error("something was loaded")
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "switch", ".new-*")); left != nil {
				t.Errorf("left behind: %q", left)
			}
			if c.at == "." {
				at = dir
			}
			must(t, os.RemoveAll(at))
			must(t, s.Save("switch/a.example.com", []byte("x")))
		})
	}
}

// TestStoreTakesOnlyRegularFiles would hang if a FIFO were opened.
func TestStoreTakesOnlyRegularFiles(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	must(t, os.WriteFile(elsewhere, seal([]byte("theirs")), 0o600))
	for sentence, block := range map[string]func(path string) error{
		"a FIFO":          func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a symbolic link": func(path string) error { return os.Symlink(elsewhere, path) },
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			must(t, block(filepath.Join(dir, "config")))
			c := Open(dir)
			if data, err := c.Load("config"); err == nil || !strings.Contains(err.Error(), "it is no regular file: remove what stands in its place") {
				t.Errorf("got %q, %v", data, err)
			}
			must(t, c.Save("config", []byte("theirs")))
			if data, err := c.Load("config"); err != nil || string(data) != "theirs" {
				t.Errorf("after it was saved: %q, %v", data, err)
			}
		})
	}
	if there, err := os.ReadFile(elsewhere); err != nil || string(there) != string(seal([]byte("theirs"))) {
		t.Errorf("the file that the link leads to is %q, %v", there, err)
	}
}

func TestOpenRemovesWhatCrashedProgramsLeft(t *testing.T) {
	dir := t.TempDir()
	must(t, Open(dir).Save("records/a.example.com", []byte("x")))
	old := time.Now().Add(-2 * time.Minute)
	for name, stays := range map[string]bool{
		".new-1": false, "records/.new-2": false, "records/.new-young": true, "config": true, "records/a.example.com": true,
	} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, nil, 0o600))
		if name != "records/.new-young" {
			must(t, os.Chtimes(path, old, old))
		}
		Open(dir)
		if _, err := os.Lstat(path); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFailureNamesCauseAndRemedyOnly(t *testing.T) {
	const path = "/cache/config"
	for sentence, c := range map[string]struct {
		err  error
		want string
	}{
		"no right":                {&fs.PathError{Op: "open", Path: "/cache/.new-123", Err: syscall.EACCES}, `cache file "/cache/config" can't be written: permission denied: give the program a cache directory that it may write to`},
		"a read-only file system": {&fs.PathError{Op: "mkdir", Path: "/cache", Err: syscall.EROFS}, `cache file "/cache/config" can't be written: read-only file system: give the program a cache directory that it may write to`},
		"a full file system":      {errors.Join(&fs.PathError{Op: "write", Path: "/cache/.new-123", Err: syscall.ENOSPC}, fs.ErrClosed), `cache file "/cache/config" can't be written: no space left on device: free some space on its file system`},
		"a broken disk":           {&os.LinkError{Op: "rename", Old: "/cache/.new-123", New: path, Err: syscall.EIO}, `cache file "/cache/config" can't be written: input/output error: name a cache directory on a file system that works`},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := failure(path, "can't be written", c.err).Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

package nodehosts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestApplySaysWhyTheSystemRefuses(t *testing.T) {
	for sentence, c := range map[string]struct {
		create, rename error
		is             error
		remedy         string
	}{
		"a read-only file system":       {create: syscall.EROFS, is: syscall.EROFS, remedy: "mount its directory read-write"},
		"no right to the directory":     {create: syscall.EACCES, is: fs.ErrPermission, remedy: "run as root"},
		"a full file system":            {create: syscall.ENOSPC, is: syscall.ENOSPC, remedy: "free some space"},
		"a file mounted by itself":      {rename: syscall.EBUSY, is: syscall.EBUSY, remedy: "mount its directory instead"},
		"an immutable file":             {rename: syscall.EPERM, is: fs.ErrPermission, remedy: "immutable"},
		"a file system gone read-only":  {rename: syscall.EROFS, is: syscall.EROFS, remedy: "mount its directory read-write"},
		"an error that nobody expected": {rename: syscall.EIO, is: syscall.EIO, remedy: "input/output error"},
	} {
		t.Run(sentence, func(t *testing.T) {
			path := hostsFile(t, localhost)
			f := NewFile(path)
			if c.create != nil {
				f.create = func(dir, pattern string) (*os.File, error) {
					return nil, &fs.PathError{Op: "open", Path: filepath.Join(dir, pattern), Err: c.create}
				}
			}
			if c.rename != nil {
				f.rename = func(_, _ string, _ uint) error {
					return c.rename
				}
			}
			changed, err := f.Apply(hangzhou)
			if changed || !errors.Is(err, c.is) {
				t.Fatalf("changed %v, error %v", changed, err)
			}
			for _, says := range []string{`hosts file "` + path + `"`, c.remedy} {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error is %q: it should say %q", err, says)
				}
			}
			if strings.Contains(err.Error(), ".registry-failover-") {
				t.Errorf("the error %q names the temporary file, and so differs each time", err)
			}
			expect(t, path, localhost)
		})
	}
}

func TestApplyNeedsTheDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write any directory; the refusal itself is tested with an injected error")
	}
	path := hostsFile(t, localhost)
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	changed, err := NewFile(path).Apply(hangzhou)
	if changed || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("changed %v, error %v", changed, err)
	}
	expect(t, path, localhost)
}

func TestApplyStartsAgainWhenOthersWrite(t *testing.T) {
	for sentence, interfere := range map[string]func(t *testing.T, path, temp string){
		"another program adds a line": func(t *testing.T, path, _ string) { write(t, path, localhost+added) },
		"another run takes the temporary file away": func(t *testing.T, path, temp string) {
			write(t, path, localhost+added)
			if err := os.Remove(temp); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			path := hostsFile(t, localhost)
			f := NewFile(path)
			tries := 0
			f.create = func(dir, pattern string) (*os.File, error) {
				temp, err := os.CreateTemp(dir, pattern)
				if tries++; err == nil && tries == 1 {
					interfere(t, path, temp.Name())
				}
				return temp, err
			}
			if !apply(t, f, hangzhou) || tries != 2 {
				t.Errorf("it took %d tries", tries)
			}
			expect(t, path, localhost+added+ours)
		})
	}
}

func TestApplyTriesAgainWhenTheTemporaryFileIsGone(t *testing.T) {
	path := hostsFile(t, localhost)
	f := NewFile(path)
	tries := 0
	f.rename = func(from, to string, flags uint) error {
		if tries++; tries == 1 {
			_ = os.Remove(from)
		}
		return rename(from, to, flags)
	}
	if !apply(t, f, hangzhou) || tries != 2 {
		t.Errorf("it took %d tries", tries)
	}
	expect(t, path, localhost+ours)
}

func TestApplyGivesUpOnAFileThatNeverRests(t *testing.T) {
	path := hostsFile(t, localhost)
	f := NewFile(path)
	content, tries := localhost, 0
	f.create = func(dir, pattern string) (*os.File, error) {
		tries++
		content += "# again\n"
		write(t, path, content)
		return os.CreateTemp(dir, pattern)
	}
	changed, err := f.Apply(hangzhou)
	if changed || err == nil || !strings.Contains(err.Error(), "find the other program") || tries != attempts {
		t.Errorf("after %d tries: changed %v, error %v", tries, changed, err)
	}
	expect(t, path, content)
}

func TestApplyRefusesALinkThatAppearsMeanwhile(t *testing.T) {
	path := hostsFile(t, localhost)
	elsewhere := hostsFile(t, localhost)
	f := NewFile(path)
	f.create = func(dir, pattern string) (*os.File, error) {
		if err := errors.Join(os.Remove(path), os.Symlink(elsewhere, path)); err != nil {
			t.Fatal(err)
		}
		return os.CreateTemp(dir, pattern)
	}
	changed, err := f.Apply(hangzhou)
	if changed || err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
		t.Errorf("changed %v, error %v", changed, err)
	}
	expect(t, path, localhost)
	expect(t, elsewhere, localhost)
}

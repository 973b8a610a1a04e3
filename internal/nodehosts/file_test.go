package nodehosts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const localhost = "127.0.0.1 localhost\n"

// hostsFile makes a hosts file in a directory of its own.
func hostsFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hosts")
	write(t, path, content)
	return path
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// expect checks the file's content and that it is alone in its directory.
func expect(t *testing.T, path, content string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content, string(got)); diff != "" {
		t.Errorf("content, -want +got:\n%s", diff)
	}
	expectOnly(t, filepath.Dir(path), filepath.Base(path))
}

func expectOnly(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files in the directory, -want +got:\n%s", diff)
	}
}

func apply(t *testing.T, f *File, want Block) (changed bool) {
	t.Helper()
	changed, err := f.Apply(want)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestApplyAddsAndRemoves(t *testing.T) {
	path := hostsFile(t, localhost)
	f := NewFile(path)
	if !apply(t, f, hangzhou) {
		t.Error("adding the block is no change")
	}
	expect(t, path, localhost+ours)
	if !apply(t, f, Block{}) {
		t.Error("removing the block is no change")
	}
	expect(t, path, localhost)
}

func TestApplyLeavesAFileAloneThatIsRight(t *testing.T) {
	path := hostsFile(t, localhost+ours)
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	before := stat(t, path)
	if apply(t, NewFile(path), hangzhou) {
		t.Error("it says that the file was replaced")
	}
	after := stat(t, path)
	if !os.SameFile(before, after) || !after.ModTime().Equal(long) {
		t.Error("the file was written")
	}
}

func TestApplyCreatesAMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	if apply(t, NewFile(path), Block{Keep: []string{shared}}) {
		t.Error("a file was made for nothing")
	}
	expectOnly(t, filepath.Dir(path))
	apply(t, NewFile(path), hangzhou)
	expect(t, path, ours)
	if mode := stat(t, path).Mode(); mode != 0o644 {
		t.Errorf("its mode is %v", mode)
	}
}

func TestApplyKeepsTheMode(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o666} {
		path := hostsFile(t, localhost)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		apply(t, NewFile(path), hangzhou)
		if got := stat(t, path).Mode(); got != mode {
			t.Errorf("mode %v became %v", mode, got)
		}
	}
}

func TestApplyKeepsTheOwner(t *testing.T) {
	path := hostsFile(t, localhost)
	if err := os.Chown(path, 1234, 5678); err != nil {
		t.Skipf("only root with its capabilities can give a file to someone else: %v", err)
	}
	apply(t, NewFile(path), hangzhou)
	if got := ownerOf(stat(t, path)); got != (owner{1234, 5678}) {
		t.Errorf("the owner became %v", got)
	}
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestApplyRemovesWhatACrashLeftBehind(t *testing.T) {
	path := hostsFile(t, localhost+ours)
	dir := filepath.Dir(path)
	others := []string{".hosts.swp", ".resolv.conf.registry-failover-1", "hosts.registry-failover-1"}
	for _, name := range append(others, ".hosts.registry-failover-1", ".hosts.registry-failover-22") {
		write(t, filepath.Join(dir, name), "x")
	}
	apply(t, NewFile(path), hangzhou)
	expectOnly(t, dir, ".hosts.swp", ".resolv.conf.registry-failover-1", "hosts", "hosts.registry-failover-1")
}

func TestApplyRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("plain"), localhost)
	write(t, at("long"), strings.Repeat("#", MaxBytes+1))
	write(t, at("binary"), "\x7fELF\x00")
	for _, err := range []error{os.Symlink("plain", at("link")), os.Symlink("nothing", at("dangling")), os.Mkdir(at("folder"), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for sentence, c := range map[string]struct {
		name string
		want Block
		says string
		is   error
	}{
		"a symbolic link":                  {"link", hangzhou, "is a symbolic link", nil},
		"a symbolic link to nothing":       {"dangling", hangzhou, "is a symbolic link", nil},
		"a directory":                      {"folder", hangzhou, "is no regular file", nil},
		"a file over the limit":            {"long", hangzhou, "is longer than 1048576 bytes", nil},
		"a file with a NUL byte":           {"binary", hangzhou, "NUL byte", nil},
		"an address that can't be written": {"plain", Block{Entries: []Entry{entry("127.0.0.1", shared)}}, "is a loopback address", nil},
		"a path in a directory not there":  {"none/hosts", hangzhou, "its directory is not there", fs.ErrNotExist},
		"a path below a file":              {"plain/hosts", hangzhou, "its directory is not there", syscall.ENOTDIR},
	} {
		t.Run(sentence, func(t *testing.T) {
			changed, err := NewFile(at(c.name)).Apply(c.want)
			if changed || err == nil {
				t.Fatalf("changed %v, error %v", changed, err)
			}
			for _, says := range []string{c.says, `hosts file "` + at(c.name) + `"`} {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error is %q: it should say %q", err, says)
				}
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("the error %q is not %v", err, c.is)
			}
			expectOnly(t, dir, "binary", "dangling", "folder", "link", "long", "plain")
		})
	}
	if got, written, err := NewFile(at("plain")).Read(); string(got) != localhost || err != nil || time.Since(written).Abs() > time.Minute {
		t.Errorf("the plain file reads %q, of %s, %v", got, written, err)
	}
}

package nodehosts

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const added = "10.9.8.7 mirror.internal\n"

// before calls interfere between the last look and the first rename.
func before(f *File, interfere func()) {
	done := false
	f.rename = func(from, to string, flags uint) error {
		if !done {
			done = true
			interfere()
		}
		return rename(from, to, flags)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openToAppend(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file := openToAppend(t, path)
	_, err := file.WriteString(text)
	must(t, errors.Join(err, file.Close()))
}

func TestApplyKeepsWhatIsWrittenBetweenItsLookAndTheRename(t *testing.T) {
	for sentence, interfere := range map[string]func(t *testing.T, path string){
		"a line is appended":  func(t *testing.T, path string) { appendTo(t, path, added) },
		"the file is written": func(t *testing.T, path string) { write(t, path, localhost+added) },
		"the file is replaced": func(t *testing.T, path string) {
			write(t, path+".new", localhost+added)
			must(t, os.Rename(path+".new", path))
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			path := hostsFile(t, localhost)
			f := NewFile(path)
			before(f, func() { interfere(t, path) })
			if !apply(t, f, hangzhou) {
				t.Error("it says that nothing changed")
			}
			expect(t, path, localhost+added+ours)
		})
	}
}

func TestApplyKeepsAFileThatAppearsMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	f := NewFile(path)
	before(f, func() { write(t, path, localhost) })
	apply(t, f, hangzhou)
	expect(t, path, localhost+ours)
}

func TestApplyPutsALinkBackThatAppearsBeforeTheRename(t *testing.T) {
	path, elsewhere := hostsFile(t, localhost), hostsFile(t, localhost)
	f := NewFile(path)
	before(f, func() { must(t, errors.Join(os.Remove(path), os.Symlink(elsewhere, path))) })
	if changed, err := f.Apply(hangzhou); changed || err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
		t.Errorf("changed %v, error %v", changed, err)
	}
	if to, err := os.Readlink(path); to != elsewhere {
		t.Errorf("the link leads to %q: %v", to, err)
	}
	expect(t, elsewhere, localhost)
}

// What somebody has opened before the rename and writes after it would go into
// a file that has no name any more.
func TestApplyWaitsForWhoHasTheFileOpenForWriting(t *testing.T) {
	for _, moment := range []string{"before the first look", "between look and rename"} {
		t.Run(moment, func(t *testing.T) {
			path := hostsFile(t, localhost)
			f := NewFile(path)
			var editor *os.File
			open := func() { editor = openToAppend(t, path) }
			if moment == "before the first look" {
				open()
			} else {
				before(f, open)
			}
			tries := 0
			f.create = func(dir, pattern string) (*os.File, error) {
				if tries++; tries == 2 {
					_, err := editor.WriteString(added)
					must(t, errors.Join(err, editor.Close()))
				}
				return os.CreateTemp(dir, pattern)
			}
			// The second try finds the line, and so a third is made.
			if !apply(t, f, hangzhou) || tries != 3 {
				t.Errorf("it took %d tries", tries)
			}
			expect(t, path, localhost+added+ours)
		})
	}
}

func TestApplyDoesNotWaitForEver(t *testing.T) {
	path := hostsFile(t, localhost)
	openToAppend(t, path)
	if !apply(t, NewFile(path), hangzhou) {
		t.Error("it says that nothing changed")
	}
	expect(t, path, localhost+ours)
}

// Somebody writes before the exchange, and once more before it is undone: what
// was written last stays, and gets the block.
func TestApplyKeepsTheNewestOfTwo(t *testing.T) {
	path := hostsFile(t, localhost)
	f := NewFile(path)
	writes := []string{"# first\n", added}
	f.rename = func(from, to string, flags uint) error {
		if len(writes) > 0 {
			write(t, path, localhost+writes[0])
			writes = writes[1:]
		}
		return rename(from, to, flags)
	}
	apply(t, f, hangzhou)
	expect(t, path, localhost+added+ours)
}

func TestApplyWithoutExchange(t *testing.T) {
	for _, refusal := range []error{unix.EINVAL, unix.ENOSYS} {
		path := hostsFile(t, localhost)
		f := NewFile(path)
		f.rename = func(from, to string, flags uint) error {
			if flags != 0 {
				return refusal
			}
			return rename(from, to, flags)
		}
		if !apply(t, f, hangzhou) {
			t.Error("it says that nothing changed")
		}
		expect(t, path, localhost+ours)
	}
}

func TestApplyKeepsExtendedAttributes(t *testing.T) {
	path := hostsFile(t, localhost)
	for name, value := range map[string]string{"user.origin": "cloud-init", "user.empty": ""} {
		if err := unix.Setxattr(path, name, []byte(value), 0); err != nil {
			t.Skipf("the file system has no extended attributes for users: %v", err)
		}
	}
	apply(t, NewFile(path), hangzhou)
	for name, want := range map[string]string{"user.origin": "cloud-init", "user.empty": ""} {
		value := make([]byte, 100)
		n, err := unix.Getxattr(path, name, value)
		if err != nil || string(value[:n]) != want {
			t.Errorf("%s is %q: %v", name, value[:max(n, 0)], err)
		}
	}
}

package lastgood

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStoreGivesBackWhatWasSaved(t *testing.T) {
	tests := map[string]struct{ name, data string }{
		"text":                   {"config", "apiVersion: registry-failover.io/v1alpha1\n"},
		"nothing":                {"state", ""},
		"bytes of any kind":      {"records", "\x00\n\xff"},
		"a value of an endpoint": {"switch/reg.example.com", "hangzhou"},
		"a name of a service":    {"records/_sip._tcp.example.com", "{}"},
		"a very long endpoint":   {"switch/" + strings.Repeat("a", 253), "hangzhou"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			c := Open(dir)
			if _, err := c.Load(test.name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("before it is saved: %v", err)
			}
			must(t, c.Save(test.name, []byte("an older value")))
			must(t, c.Save(test.name, []byte(test.data)))
			got, err := Open(dir).Load(test.name)
			if err != nil || string(got) != test.data {
				t.Errorf("got %q, %v", got, err)
			}
			left, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Join(dir, test.name)), ".*"))
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestStoreWritesNothingWhenNothingChanged(t *testing.T) {
	dir := t.TempDir()
	c := Open(dir)
	must(t, c.Save("config", []byte("one")))
	old := time.Unix(1, 0)
	must(t, os.Chtimes(filepath.Join(dir, "config"), old, old))
	must(t, c.Save("config", []byte("one")))
	info, err := os.Stat(filepath.Join(dir, "config"))
	must(t, err)
	if !info.ModTime().Equal(old) {
		t.Error("the file was written again")
	}
}

func TestStoreFileBeginsWithItsChecksum(t *testing.T) {
	dir := t.TempDir()
	must(t, Open(dir).Save("switch/reg.example.com", []byte("hello\n")))
	got, err := os.ReadFile(filepath.Join(dir, "switch", "reg.example.com"))
	must(t, err)
	// printf 'hello\n' | sha256sum
	if want := "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\nhello\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStorePutsDamagedFilesAside(t *testing.T) {
	for sentence, damage := range map[string]func([]byte) []byte{
		"one bit is different": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"the end is missing":   func(b []byte) []byte { return b[:len(b)-1] },
		"it is empty":          func([]byte) []byte { return nil },
		"it is all zeroes":     func(b []byte) []byte { return make([]byte, len(b)) },
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			c := Open(dir)
			must(t, c.Save("config", []byte("text")))
			path := filepath.Join(dir, "config")
			sealed, err := os.ReadFile(path)
			must(t, err)
			broken := damage(sealed)
			must(t, os.WriteFile(path, broken, 0o600))
			if _, err := c.Load("config"); err == nil || !strings.Contains(err.Error(), path+"\" is damaged") {
				t.Errorf("error %v", err)
			}
			if aside, err := os.ReadFile(filepath.Join(dir, ".damaged")); err != nil || !bytes.Equal(aside, broken) {
				t.Errorf("aside: %q, %v", aside, err)
			}
			if _, err := c.Load("config"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the second time: %v", err)
			}
			must(t, c.Save("config", []byte("text")))
			if got, err := c.Load("config"); err != nil || string(got) != "text" {
				t.Errorf("saved again: %q, %v", got, err)
			}
		})
	}
}

func TestStorePutsTheLongestNameAside(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("a", 253)
	must(t, os.Mkdir(filepath.Join(dir, "records"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "records", name), []byte("broken"), 0o600))
	if _, err := Open(dir).Load("records/" + name); err == nil || !strings.Contains(err.Error(), "is damaged, ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	if aside, err := os.ReadFile(filepath.Join(dir, "records", ".damaged")); string(aside) != "broken" {
		t.Errorf("aside: %q, %v", aside, err)
	}
}

func TestStoreKeepsOnlyTheNamesThatAreGiven(t *testing.T) {
	dir := t.TempDir()
	c := Open(dir)
	must(t, c.KeepOnly("records", nil)) // there is nothing yet
	for _, name := range []string{"records/a.example.com", "records/b.example.com", "records/_sip.example.com", "switch/b.example.com", "config"} {
		must(t, c.Save(name, []byte("x")))
	}
	must(t, os.WriteFile(filepath.Join(dir, "records", ".new-7"), nil, 0o600)) // another program's, in work
	must(t, c.KeepOnly("records", []string{"a.example.com", "never.example.com"}))
	got, err := fs.Glob(os.DirFS(dir), "*/*")
	must(t, err)
	if want := []string{"records/.new-7", "records/a.example.com", "switch/b.example.com"}; !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
	if err := c.KeepOnly("../x", nil); err == nil {
		t.Error("a name that leads elsewhere is taken")
	}
	must(t, Open("").KeepOnly("records", nil))
}

func TestStoreRefusesNamesThatLeadElsewhere(t *testing.T) {
	c := Open(t.TempDir())
	for _, name := range []string{"", ".", "..", "../x", "/etc/hosts", "switch/..", "switch/../x", "a/b/c", "switch/", "a//b", ".new-1", "switch/.x", "_a", "_a/b", "A", "a\\b", "a\x00", "a\n"} {
		if err := c.Save(name, nil); err == nil {
			t.Errorf("Save(%q): no error", name)
		}
		if _, err := c.Load(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Load(%q): %v", name, err)
		}
	}
}

func TestStoreWithoutDirectoryHoldsNothing(t *testing.T) {
	c := Open("")
	must(t, c.Save("config", []byte("text")))
	if _, err := c.Load("config"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func FuzzUnseal(f *testing.F) {
	for _, data := range []string{"", "hangzhou", "a\nb\n"} {
		f.Add(seal([]byte(data)))
	}
	f.Add([]byte("hangzhou\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if data, ok := unseal(sealed); ok && !bytes.Equal(seal(data), sealed) {
			t.Errorf("%q was taken for %q", sealed, data)
		}
		if data, ok := unseal(seal(sealed)); !ok || !bytes.Equal(data, sealed) {
			t.Errorf("%q came back as %q, %v", sealed, data, ok)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

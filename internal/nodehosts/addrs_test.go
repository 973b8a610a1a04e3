package nodehosts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddrsAreThoseOfAllLines(t *testing.T) {
	const content = "127.0.0.1 localhost\n192.0.2.1 Shared.Registry.IO. other # shared.registry.io\n" +
		"no.address shared.registry.io\n# 192.0.2.9 shared.registry.io\n192.0.2.8 not.shared.registry.io\n" +
		begin + "\n10.1.0.10 shared.registry.io\n" + end + "\n::ffff:10.1.0.11 x shared.registry.io shared.registry.io"
	path := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"shared.registry.io":  "[192.0.2.1 10.1.0.10 10.1.0.11]",
		"SHARED.registry.io.": "[192.0.2.1 10.1.0.10 10.1.0.11]",
		"registry.io":         "[]",
	} {
		got, err := Addrs(path, name)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAFileThatCannotBeReadHasNoAddrs(t *testing.T) {
	dir := t.TempDir()
	if got, err := Addrs(filepath.Join(dir, "missing"), "a.io"); err != nil || got != nil {
		t.Errorf("one that is missing: %v, %v", got, err)
	}
	link := filepath.Join(dir, "link") // which leads out of a directory that is mounted elsewhere
	if err := os.Symlink("/etc/static/hosts", link); err != nil {
		t.Fatal(err)
	}
	if _, err := Addrs(link, "a.io"); err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
		t.Errorf("one that is a link: %v", err)
	}
}

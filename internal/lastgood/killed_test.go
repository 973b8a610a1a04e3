package lastgood

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStoreTakesNoPartOfAFile cuts a file off at every byte, as a file system may
// that loses power.
func TestStoreTakesNoPartOfAFile(t *testing.T) {
	whole := seal([]byte("to: hangzhou\nreason: zhangjiakou pulls time out\n"))
	for length := range whole {
		dir := t.TempDir()
		path := filepath.Join(dir, "config")
		must(t, os.WriteFile(path, whole[:length], 0o600))
		c := Open(dir)
		if data, err := c.Load("config"); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("of %d bytes %d give %q, %v", len(whole), length, data, err)
		}
		if aside, err := os.ReadFile(filepath.Join(dir, damaged)); err != nil || !bytes.Equal(aside, whole[:length]) {
			t.Errorf("after %d bytes aside is %q, %v", length, aside, err)
		}
		must(t, c.Save("config", []byte("new")))
		if data, err := c.Load("config"); err != nil || string(data) != "new" {
			t.Errorf("saved again: %q, %v", data, err)
		}
	}
}

// writeFor is the directory that this program writes to until it is killed.
const writeFor = "REGISTRY_FAILOVER_TEST_WRITE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writeFor); dir != "" {
		c := Open(dir)
		for i := 0; ; i++ {
			if err := c.Save("switch/a.example.com", bytes.Repeat(fmt.Append(nil, i, "\n"), 1000)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	os.Exit(m.Run())
}

// TestStoreOutlivesAKill kills a program that writes all the time. What is
// there then is a value that was saved, as a whole.
func TestStoreOutlivesAKill(t *testing.T) {
	dir := t.TempDir()
	last := -1
	for i := range 20 {
		writer := exec.CommandContext(t.Context(), os.Args[0])
		writer.Env = append(os.Environ(), writeFor+"="+dir)
		var said bytes.Buffer
		writer.Stderr = &said
		must(t, os.RemoveAll(filepath.Join(dir, "switch", "a.example.com")))
		must(t, writer.Start())
		for {
			if _, err := os.Stat(filepath.Join(dir, "switch", "a.example.com")); err == nil {
				break
			}
			time.Sleep(time.Millisecond) // until it writes
		}
		time.Sleep(time.Duration(i) * 700 * time.Microsecond) // at another moment each time
		must(t, writer.Process.Kill())
		_ = writer.Wait()
		data, err := Open(dir).Load("switch/a.example.com")
		if err != nil {
			t.Fatalf("killed for the %dth time: %v; it said %q", i, err, said.String())
		}
		if _, err := fmt.Sscan(string(data), &last); err != nil || !bytes.Equal(data, bytes.Repeat(fmt.Append(nil, last, "\n"), 1000)) {
			t.Errorf("killed for the %dth time it leaves %d bytes of %d: %v", i, len(data), last, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Error(errors.Join(fmt.Errorf("beside the values is %v", entries), err))
	}
}

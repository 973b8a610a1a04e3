package nodehosts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// writeFor is the hosts file that this program writes to until it is killed.
const writeFor = "REGISTRY_FAILOVER_TEST_WRITE"

func TestMain(m *testing.M) {
	if path := os.Getenv(writeFor); path != "" {
		for i := 0; ; i++ {
			block := hangzhou
			if i%2 == 1 {
				block = Block{Entries: []Entry{entry("10.2.0.10", shared)}}
			}
			if _, err := NewFile(path).Apply(block); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	os.Exit(m.Run())
}

// TestAKillLeavesAWholeFile kills a program that writes all the time: the file is
// one of the two that it writes, and the next one clears up.
func TestAKillLeavesAWholeFile(t *testing.T) {
	others := strings.Repeat("10.9.8.7 other.example.com\n", 200)
	path := hostsFile(t, others)
	for i := range 20 {
		writer := exec.CommandContext(t.Context(), os.Args[0])
		writer.Env = append(os.Environ(), writeFor+"="+path)
		var said bytes.Buffer
		writer.Stderr = &said
		before, err := os.Stat(path)
		must(t, err)
		must(t, writer.Start())
		for {
			if now, err := os.Stat(path); err == nil && !os.SameFile(now, before) {
				break
			}
			time.Sleep(time.Millisecond) // until it writes
		}
		time.Sleep(time.Duration(i) * 700 * time.Microsecond) // at another moment each time
		must(t, writer.Process.Kill())
		_ = writer.Wait()
		content, err := os.ReadFile(path)
		must(t, err)
		block, untouched := strings.CutPrefix(string(content), others)
		if !untouched || block != ours && block != strings.Replace(ours, "10.1.0.10", "10.2.0.10", 1) {
			t.Fatalf("killed for the %dth time it leaves %q; it said %q", i, block, said.String())
		}
	}
	_, err := NewFile(path).Apply(Block{})
	must(t, err)
	if content, err := os.ReadFile(path); err != nil || string(content) != others {
		t.Errorf("without the block it is %d bytes long, not %d: %v", len(content), len(others), err)
	}
	if beside, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(beside) > 0 {
		t.Errorf("%v is left behind: %v", beside, err)
	}
}

func TestApplyOnAFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	mounting(t, func() {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4k"); err != nil {
			t.Error(err)
			return
		}
		path := filepath.Join(dir, "hosts")
		if err := os.WriteFile(path, []byte(localhost), 0o644); err != nil {
			t.Error(err)
			return
		}
		refused(t, path, unix.ENOSPC, "free some space")
	})
}

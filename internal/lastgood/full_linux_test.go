package lastgood

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestStoreOnAFileSystemThatIsFullOrReadOnly keeps what was saved before, says
// why, and goes on when there is room again.
func TestStoreOnAFileSystemThatIsFullOrReadOnly(t *testing.T) {
	dir := t.TempDir()
	mounted := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends, and the mount with it
		err := errors.Join(unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
		if err == nil {
			fillAndProtect(t, dir)
		}
		mounted <- err
	}()
	if err := <-mounted; err != nil {
		const why = "only root with its capabilities can mount: %v"
		if os.Getenv("CI") != "" {
			t.Fatalf(why, err)
		}
		t.Skipf(why, err)
	}
}

func fillAndProtect(t *testing.T, dir string) {
	const name = "switch/a.example.com"
	c := Open(dir)
	check := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	refused := func(is error, remedy string) {
		err := c.Save(name, make([]byte, 100<<10))
		if !errors.Is(err, is) || !strings.Contains(err.Error(), remedy) {
			t.Errorf("error %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "switch", temporary)); left != nil {
			t.Errorf("left behind: %q", left)
		}
		if data, err := c.Load(name); err != nil || string(data) != "hangzhou" {
			t.Errorf("what was saved before is %q, %v", data, err)
		}
	}
	check(c.Save(name, []byte("hangzhou")))
	refused(unix.ENOSPC, "free some space")
	check(unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	refused(unix.EROFS, "may write to")
	check(unix.Mount("", dir, "", unix.MS_REMOUNT, ""))
	check(c.Save(name, []byte("zhangjiakou")))
	if data, err := c.Load(name); err != nil || string(data) != "zhangjiakou" {
		t.Errorf("once there is room again: %q, %v", data, err)
	}
}

package nodehosts

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mounting runs what mounts in a mount namespace of its own, which ends with it.
func mounting(t *testing.T, do func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends, and the mounts with it
		err := errors.Join(unix.Unshare(unix.CLONE_FS|unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		if err == nil {
			do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skipf("only root with its capabilities can mount: %v", err)
	}
}

// refused expects twice the same sentence, the hosts file as it was, and nothing beside it.
func refused(t *testing.T, path string, is error, remedy string) {
	var sentences []string
	for range 2 {
		changed, err := NewFile(path).Apply(hangzhou)
		if changed || !errors.Is(err, is) {
			t.Errorf("changed %v, error %v", changed, err)
			return
		}
		sentences = append(sentences, err.Error())
	}
	if sentences[0] != sentences[1] || !strings.Contains(sentences[0], remedy) {
		t.Errorf("%q should be the same each time, and say %q", sentences, remedy)
	}
	if content, err := os.ReadFile(path); string(content) != localhost {
		t.Errorf("the file is %q: %v", content, err)
	}
	if beside, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(beside) > 0 {
		t.Errorf("%v is left behind: %v", beside, err)
	}
}

func TestApplyToAFileThatIsMountedByItself(t *testing.T) {
	path, node := hostsFile(t, localhost), hostsFile(t, localhost)
	mounting(t, func() {
		if err := unix.Mount(node, path, "", unix.MS_BIND, ""); err != nil {
			t.Error(err)
			return
		}
		refused(t, path, unix.EBUSY, "mount its directory instead")
	})
}

func TestApplyOnAReadOnlyFileSystem(t *testing.T) {
	path := hostsFile(t, localhost)
	dir := filepath.Dir(path)
	mounting(t, func() {
		err := errors.Join(unix.Mount(dir, dir, "", unix.MS_BIND, ""), unix.Mount("", dir, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
		if err != nil {
			t.Error(err)
			return
		}
		refused(t, path, unix.EROFS, "privateZone.writeBack")
	})
}

func TestApplyToAnImmutableFile(t *testing.T) {
	path := hostsFile(t, localhost)
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	mark := func(flags int) error {
		return unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, flags)
	}
	const immutable = 0x10 // FS_IMMUTABLE_FL of linux/fs.h
	before, err := unix.IoctlGetInt(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		err = mark(before | immutable)
	}
	if err != nil {
		t.Skipf("no file can be made immutable here: %v", err)
	}
	defer func() { must(t, mark(before)) }()
	refused(t, path, unix.EPERM, "immutable")
}

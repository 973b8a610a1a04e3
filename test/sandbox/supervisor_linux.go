package sandbox

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The files that each stage hands to the next.
const (
	lifelineFD = 3
	listenerFD = 4
)

// supervise runs init and clears away what a sandbox leaves outside its
// namespaces: cgroups and files. It stays alive when the caller is killed.
func supervise() (int, error) {
	// The kernel kills init when the thread that started it ends.
	runtime.LockOSThread()
	detached := os.Getenv(detachedVariable) != ""
	dir := os.Getenv(dirVariable)
	// Those from a terminal reach all processes; what they do, the function decides.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := listenForStop(dir, func() { signals <- syscall.SIGTERM }); err != nil {
		return 0, err
	}
	sweep()
	cgroups, err := makeCgroups(dir)
	defer removeCgroups(cgroups)
	if err != nil {
		return 0, err
	}

	first := again("init", []string{cgroupsVariable + "=" + strings.Join(cgroups, ":")})
	lifeline := os.NewFile(lifelineFD, "lifeline")
	first.ExtraFiles = []*os.File{os.NewFile(listenerFD, "listener")}
	first.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
	}
	if err := first.Start(); err != nil {
		return 0, fmt.Errorf("could not make namespaces: %w", err)
	}
	if err := os.WriteFile(initFile(dir), []byte(strconv.Itoa(first.Process.Pid)), 0o600); err != nil {
		return 0, err
	}
	// An end that somebody outside asked for: no one will look for logs.
	var asked atomic.Bool
	if !detached {
		go func() {
			_, _ = lifeline.Read(make([]byte, 1)) // returns at its end only
			asked.Store(true)
			_ = first.Process.Kill()
		}()
	}
	go func() {
		for range signals {
			asked.Store(true)
			_ = first.Process.Signal(syscall.SIGTERM)
			time.AfterFunc(20*time.Second, func() { _ = first.Process.Kill() })
		}
	}()
	err = first.Wait()
	code, err := exitCode(first.ProcessState, err)
	if code == 0 || asked.Load() {
		_ = os.RemoveAll(dir)
	} else {
		_ = os.Remove(controlSocket(dir)) // so that no sweep takes it for a dead one's
	}
	return code, err
}

// reap is process 1: it takes in every orphan, and with it everything ends.
func reap() (int, error) {
	for cgroup := range strings.SplitSeq(os.Getenv(cgroupsVariable), ":") {
		if err := os.WriteFile(cgroup+"/cgroup.procs", []byte("0"), 0); err != nil {
			return 0, fmt.Errorf("could not enter a cgroup: %w", err)
		}
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return 0, fmt.Errorf("could not part from the mounts outside: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return 0, fmt.Errorf("could not mount /proc: %w", err)
	}
	function := again("inside", nil)
	function.ExtraFiles = []*os.File{os.NewFile(lifelineFD, "listener")}
	function.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWCGROUP}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := function.Start(); err != nil {
		return 0, err
	}
	go func() {
		for range signals {
			_ = function.Process.Signal(syscall.SIGTERM)
		}
	}()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR || pid != function.Process.Pid && err == nil:
		case err != nil:
			return 0, fmt.Errorf("could not wait: %w", err)
		case status.Signaled():
			return 128 + int(status.Signal()), nil
		case status.Exited():
			return status.ExitStatus(), nil
		}
	}
}

// enter mounts what belongs to the new namespaces and calls the function.
func enter(inside func(Box) int) (int, error) {
	if err := mountSystem(); err != nil {
		return 0, err
	}
	box := Box{Dir: os.Getenv(dirVariable)}
	if listener := os.NewFile(lifelineFD, "listener"); isSocket(listener) {
		box.Listener = listener
	}
	return inside(box), nil
}

// mountSystem gives the sandbox its own view of the kernel, and a /run and
// TMPDIR in memory that vanish with it.
func mountSystem() error {
	cgroups, err := hierarchies()
	if err != nil {
		return err
	}
	if err := unix.Mount("sysfs", "/sys", "sysfs", 0, ""); err != nil {
		return fmt.Errorf("could not mount /sys: %w", err)
	}
	if err := mountCgroups(cgroups); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("could not mount /run: %w", err)
	}
	if err := os.Mkdir("/run/tmp", 0o1777); err != nil {
		return err
	}
	return os.Setenv("TMPDIR", "/run/tmp")
}

func isSocket(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeSocket != 0
}

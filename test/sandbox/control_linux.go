package sandbox

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
)

// A supervisor listens on a socket in its directory as long as it lives. The
// kernel refuses connections to one whose owner was killed: so no process id
// has to be trusted that another process may have by now.

func controlSocket(dir string) string { return filepath.Join(dir, "control") }

// listenForStop calls stop when Stop is called, and holds its connection
// until this process ends.
func listenForStop(dir string, stop func()) error {
	// Renamed when it listens: between, it would look like a dead one's.
	listener, err := net.Listen("unix", controlSocket(dir)+".new")
	if err != nil {
		return err
	}
	if err := os.Rename(controlSocket(dir)+".new", controlSocket(dir)); err != nil {
		return err
	}
	go func() {
		for {
			caller, err := listener.Accept()
			if err != nil {
				return
			}
			go hear(caller, stop)
		}
	}()
	return nil
}

// hear takes what a caller says: nothing where it only looks whether somebody is there.
func hear(caller net.Conn, stop func()) {
	if n, _ := caller.Read(make([]byte, 1)); n == 1 {
		stop()
	}
	_, _ = io.Copy(io.Discard, caller)
	_ = caller.Close()
}

// Stop ends a detached sandbox by its directory and waits for the end.
func Stop(dir string) error {
	if _, err := os.Stat(controlSocket(dir)); err != nil {
		return fmt.Errorf("%s is no directory of a running sandbox: %w", dir, err)
	}
	supervisor, err := net.Dial("unix", controlSocket(dir)) //nolint:noctx // takes no time
	if err != nil {
		clearAway(dir) // its supervisor was killed, and the sandbox with it
		return nil
	}
	defer func() { _ = supervisor.Close() }()
	if _, err := supervisor.Write([]byte{0}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, supervisor) // ends with the supervisor
	return nil
}

// sweep clears away what supervisors that were killed have left.
func sweep() {
	sockets, _ := filepath.Glob(controlSocket(filepath.Join(os.TempDir(), prefix+"*")))
	for _, socket := range sockets {
		if supervisor, err := net.Dial("unix", socket); err == nil { //nolint:noctx // takes no time
			_ = supervisor.Close()
		} else {
			clearAway(filepath.Dir(socket))
		}
	}
}

// clearAway removes the cgroups and the directory of a sandbox that has ended.
func clearAway(dir string) {
	removeCgroups(cgroupsOf(dir))
	_ = os.RemoveAll(dir)
}

package dnsserver

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// udpSockets is how many sockets share the port: Linux spreads clients over
// them, so that each processor reads one of its own. It is bounded because each has
// memory, and because what is answered here is a few names.
func udpSockets() int { return min(runtime.GOMAXPROCS(0), 4) }

// sharePort lets several sockets of this user bind one port (socket(7)).
func sharePort(_, _ string, raw syscall.RawConn) (err error) {
	failed := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if failed != nil {
		return failed
	}
	return err
}

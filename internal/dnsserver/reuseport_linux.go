package dnsserver

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// udpSockets is how many sockets share the port: Linux spreads clients over
// them. One for two processors took a quarter less processor time for a query
// than one for each, at the same rate, because more queries come together. Each has memory,
// and what is answered here is a few names, so four are enough.
func udpSockets() int { return min((runtime.GOMAXPROCS(0)+1)/2, 4) }

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

package connections

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// inNamespace runs what opens sockets in a network of its own, which has the
// loopback device alone and ends with it.
func inNamespace(t *testing.T, do func(t *testing.T)) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends, and the namespace with it
		err := errors.Join(unix.Unshare(unix.CLONE_NEWNET), loopbackUp())
		defer func() { done <- err }() // also after t.FailNow
		if err == nil {
			do(t)
		}
	}()
	if err := <-done; err != nil {
		const why = "only root with its capabilities can have a network of its own: %v"
		if os.Getenv("CI") != "" {
			t.Fatalf(why, err)
		}
		t.Skipf(why, err)
	}
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// socket is one of the namespace's: all of them are opened on its thread.
type socket struct {
	t      *testing.T
	fd     int
	family int
}

// address is of IPv6 where the socket is, also for IPv4.
func (s socket) address(to netip.AddrPort) unix.Sockaddr {
	if s.family == unix.AF_INET {
		return &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

func newSocket(t *testing.T, family int) socket {
	t.Helper()
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return socket{t, fd, family}
}

func familyOf(addr netip.Addr) int {
	if addr.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// listen takes connections as long as there are at most so many and one.
func listen(t *testing.T, at string, backlog int) socket {
	t.Helper()
	to := netip.MustParseAddrPort(at)
	s := newSocket(t, familyOf(to.Addr()))
	must(t, unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(t, unix.Bind(s.fd, s.address(to)))
	must(t, unix.Listen(s.fd, backlog))
	return s
}

// connect begins to. Over the loopback device a connection stands at once, or doesn't yet.
func connect(t *testing.T, family int, to string) socket {
	t.Helper()
	s := newSocket(t, family)
	if err := unix.Connect(s.fd, s.address(netip.MustParseAddrPort(to))); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		t.Fatalf("connecting to %s: %v", to, err)
	}
	return s
}

// state is the socket's as tcp(7) has it, and the error that it is told.
func (s socket) state() (state uint8, told error) {
	s.t.Helper()
	info, err := unix.GetsockoptTCPInfo(s.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	must(s.t, err)
	code, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	must(s.t, err)
	if code != 0 {
		told = unix.Errno(code)
	}
	return info.State, told
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

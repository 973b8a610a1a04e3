package connections

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// States of tcp(7).
const (
	stateEstablished = 1
	stateSynSent     = 2
	stateClose       = 7
	stateListen      = 10
)

func addrs(texts ...string) []netip.Addr {
	all := make([]netip.Addr, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParseAddr(text)
	}
	return all
}

// reset expects so many to be destroyed.
func reset(t *testing.T, want int, remotes ...string) {
	t.Helper()
	got, err := Reset(addrs(remotes...), 443)
	if err != nil || got != want {
		t.Errorf("%d connections to %v were reset, want %d: %v", got, remotes, want, err)
	}
}

func (s socket) is(what string, state uint8, told error) {
	s.t.Helper()
	if got, err := s.state(); got != state || !errors.Is(err, told) {
		s.t.Errorf("%s is in state %d, told %v; want %d, %v", what, got, err, state, told)
	}
}

func TestResetDestroysTheConnectionsToAnAddress(t *testing.T) {
	tests := map[string]struct {
		family     int
		listen, to string
		remote     string
	}{
		"by IPv4":             {unix.AF_INET, "127.0.0.2:443", "127.0.0.2:443", "127.0.0.2"},
		"by IPv6":             {unix.AF_INET6, "[::1]:443", "[::1]:443", "::1"},
		"by IPv4 within IPv6": {unix.AF_INET6, "127.0.0.2:443", "[::ffff:127.0.0.2]:443", "127.0.0.2"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			inNamespace(t, func(t *testing.T) {
				listener := listen(t, test.listen, 0)
				standing := connect(t, test.family, test.to)
				// Whom the listener has no room for goes on asking.
				connecting := connect(t, test.family, test.to)
				standing.is("the one connection", stateEstablished, nil)
				connecting.is("the other", stateSynSent, nil)
				reset(t, 2, "192.0.2.1", test.remote)
				standing.is("the one connection", stateClose, unix.ECONNABORTED)
				connecting.is("the other", stateClose, unix.ECONNABORTED)
				listener.is("the listener", stateListen, nil)
				reset(t, 0, test.remote)
			})
		})
	}
}

func TestResetSparesAllOthers(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		spared := map[string]socket{}
		for _, at := range []string{"127.0.0.3:443", "127.0.0.2:444", "127.0.0.2:4443", "[::1]:443"} {
			listen(t, at, 4)
			spared[at] = connect(t, familyOf(netip.MustParseAddrPort(at).Addr()), at)
		}
		listener := listen(t, "127.0.0.2:443", 4)
		target := connect(t, unix.AF_INET, "127.0.0.2:443")
		// What a server here sends from the port is somebody else's to end.
		accepted, _, err := unix.Accept(listener.fd)
		must(t, err)
		defer unix.Close(accepted)
		server := socket{t, accepted, unix.AF_INET}
		reset(t, 0)
		reset(t, 0, "127.0.0.1") // the local address of all of them
		target.is("the target", stateEstablished, nil)
		server.is("its other end", stateEstablished, nil)
		reset(t, 1, "127.0.0.2")
		target.is("the target", stateClose, unix.ECONNABORTED)
		server.is("its other end", stateClose, unix.ECONNRESET)
		for at, s := range spared {
			s.is(at, stateEstablished, nil)
		}
		listener.is("the listener", stateListen, nil)
	})
}

// TestResetOfMany needs more than one buffer from the kernel.
func TestResetOfMany(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		listen(t, "127.0.0.2:443", 500)
		listen(t, "127.0.0.3:443", 500)
		var targets, others []socket
		for range 400 {
			targets = append(targets, connect(t, unix.AF_INET, "127.0.0.2:443"))
			others = append(others, connect(t, unix.AF_INET, "127.0.0.3:443"))
		}
		reset(t, len(targets), "127.0.0.2")
		for _, s := range targets {
			s.is("a target", stateClose, unix.ECONNABORTED)
		}
		for _, s := range others {
			s.is("another", stateEstablished, nil)
		}
	})
}

func TestCheckTriesItOut(t *testing.T) {
	inNamespace(t, func(t *testing.T) {
		must(t, Check(t.Context()))
		must(t, dropNetAdmin())
		err := Check(t.Context())
		if !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "CAP_NET_ADMIN") {
			t.Errorf("without the capability it says %v", err)
		}
	})
}

// dropNetAdmin takes the capability from this thread.
func dropNetAdmin() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Effective &^= 1 << unix.CAP_NET_ADMIN
	return unix.Capset(&header, &data[0])
}

func TestRefusalsNameTheRemedy(t *testing.T) {
	for errno, want := range map[unix.Errno]string{
		unix.EOPNOTSUPP: "connections can't be reset: this kernel is built without CONFIG_INET_DIAG_DESTROY: set node.resetConnections to false: operation not supported",
		unix.EPERM:      "connections can't be reset: the process has no CAP_NET_ADMIN in its network's user namespace: operation not permitted",
		unix.ENOENT:     "connections can't be reset: this kernel lacks tcp_diag (CONFIG_INET_TCP_DIAG): load that module, or set node.resetConnections to false: no such file or directory",
		unix.ENOBUFS:    "connections can't be reset: no buffer space available",
	} {
		if err := explain(errno); err.Error() != want || !errors.Is(err, errno) {
			t.Errorf("it says %q", err)
		}
	}
}

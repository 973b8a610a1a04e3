package connections

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// Reset destroys the connections that this side has opened or is opening to a
// port of any of these addresses, by IPv4, IPv6, or IPv4 within IPv6, and returns
// how many there were. One that ends by itself meanwhile is no error. With an
// error some may be destroyed, and others stay.
func Reset(remotes []netip.Addr, port uint16) (int, error) {
	s, err := open()
	if err != nil {
		return 0, err
	}
	defer s.close()
	count := 0
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		found, err := s.list(family, port)
		if err != nil {
			return count, explain(err)
		}
		for _, c := range found {
			if !slices.Contains(remotes, c.remote()) {
				continue
			}
			switch err := s.destroy(c); {
			case err == nil:
				count++
			case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESTALE): // it is gone already
			default:
				return count, explain(err)
			}
		}
	}
	return count, nil
}

// explain names the remedy of what a kernel refuses.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EPROTONOSUPPORT):
		err = fmt.Errorf("this kernel lacks tcp_diag (CONFIG_INET_TCP_DIAG): load that module, or set node.resetConnections to false: %w", err)
	case errors.Is(err, unix.EOPNOTSUPP):
		err = fmt.Errorf("this kernel is built without CONFIG_INET_DIAG_DESTROY: set node.resetConnections to false: %w", err)
	case errors.Is(err, unix.EPERM):
		err = fmt.Errorf("the process has no CAP_NET_ADMIN in its network's user namespace: %w", err)
	}
	return fmt.Errorf("connections can't be reset: %w", err)
}

package connections

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Check returns why Reset can't work here. It tries that on a connection of its
// own, over the loopback device.
func Check(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("whether connections can be reset can't be tried: %w", err)
	}
	defer listener.Close()
	at := netip.MustParseAddrPort(listener.Addr().String())
	own, err := new(net.Dialer).DialContext(ctx, "tcp", at.String())
	if err != nil {
		return fmt.Errorf("whether connections can be reset can't be tried: %w", err)
	}
	defer own.Close()
	count, err := Reset([]netip.Addr{at.Addr()}, at.Port())
	if err == nil && count == 0 {
		err = errors.New("connections can't be reset: the kernel doesn't list one that is there")
	}
	return err
}

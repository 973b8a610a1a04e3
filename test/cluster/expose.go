package cluster

import (
	"context"
	"io"
	"net"
)

// expose carries connections from a socket outside, where there is one, to the
// API server. It is a way in; there is none out.
func (c *Cluster) expose(ctx context.Context) error {
	if c.box.Listener == nil {
		return nil
	}
	listener, err := net.FileListener(c.box.Listener)
	if err != nil {
		return err
	}
	if err := c.writeKubeconfig(c.OutsideKubeconfig(), "https://"+listener.Addr().String(), "admin", "system:masters"); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			outside, err := listener.Accept()
			if err != nil {
				return
			}
			go carry(ctx, outside)
		}
	}()
	return nil
}

func carry(ctx context.Context, outside net.Conn) {
	inside, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:6443")
	if err != nil {
		_ = outside.Close()
		return
	}
	go func() { _, _ = io.Copy(inside, outside); _ = inside.Close() }()
	_, _ = io.Copy(outside, inside)
	_ = outside.Close()
}

package dnsserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"
)

// listen binds TCP and then UDP on the port that TCP got. With port 0 another
// program may hold that port for UDP; then another port is tried.
func listen(ctx context.Context, addr string) (net.Listener, net.PacketConn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, fmt.Errorf("could not listen for DNS on %q: write it as host:port: %w", addr, err)
	}
	const tries = 16
	for try := 1; ; try++ {
		tcp, udp, err := listenBoth(ctx, host, port)
		if err == nil {
			return tcp, udp, nil
		}
		if port != "0" || try == tries || !errors.Is(err, syscall.EADDRINUSE) {
			return nil, nil, fmt.Errorf("could not listen for DNS on %s: choose a free address: %w", addr, err)
		}
	}
}

func listenBoth(ctx context.Context, host, port string) (net.Listener, net.PacketConn, error) {
	var config net.ListenConfig
	tcp, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, nil, err
	}
	port = strconv.Itoa(tcp.Addr().(*net.TCPAddr).Port)
	udp, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(host, port))
	if err != nil {
		_ = tcp.Close()
		return nil, nil, err
	}
	return tcp, udp, nil
}

// writeDeadlines gives each reply over TCP its own deadline: dns.Server doesn't
// use its WriteTimeout, and a client that never reads would hold a goroutine,
// and the end of the program, for ever.
type writeDeadlines struct{ net.Listener }

func (l writeDeadlines) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return writeDeadlineConn{conn}, nil
}

type writeDeadlineConn struct{ net.Conn }

func (c writeDeadlineConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

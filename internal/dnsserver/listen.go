package dnsserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// listen binds TCP and then UDP on the port that TCP got. With port 0 another
// program may hold that port for UDP; then another port is tried.
func listen(ctx context.Context, addr string) (net.Listener, []*net.UDPConn, error) {
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

func listenBoth(ctx context.Context, host, port string) (net.Listener, []*net.UDPConn, error) {
	// Idle connections are closed long before a keepalive would be sent.
	config := net.ListenConfig{KeepAlive: -1}
	tcp, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, nil, err
	}
	port = strconv.Itoa(tcp.Addr().(*net.TCPAddr).Port)
	config.Control = sharePort
	var udp []*net.UDPConn
	for range udpSockets() {
		conn, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(host, port))
		if err != nil {
			_ = tcp.Close()
			for _, other := range udp {
				_ = other.Close()
			}
			return nil, nil, err
		}
		udp = append(udp, conn.(*net.UDPConn))
	}
	return tcp, udp, nil
}

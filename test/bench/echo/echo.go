// Package echo sends UDP packets back: the most that a server of this language
// can do with batched system calls, which a DNS server is measured by.
package echo

import (
	"context"
	"log/slog"
	"net"
	"runtime"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

const batchSize = 32

// Serve sends each packet back as an answer, on as many sockets of one port as
// the resolver has, and logs the address as that does. It returns when it fails.
func Serve(ctx context.Context, logger *slog.Logger) error {
	config := net.ListenConfig{Control: sharePort}
	addr := "127.0.0.1:0"
	var group errgroup.Group
	for range min((runtime.GOMAXPROCS(0)+1)/2, 4) {
		socket, err := config.ListenPacket(ctx, "udp", addr)
		if err != nil {
			return err
		}
		addr = socket.LocalAddr().String()
		group.Go(func() error { return serve(ipv4.NewPacketConn(socket)) })
	}
	logger.Info("listening", "proto", "dns", "addr", addr)
	return group.Wait()
}

func sharePort(_, _ string, raw syscall.RawConn) (err error) {
	failed := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if failed != nil {
		return failed
	}
	return err
}

func serve(socket *ipv4.PacketConn) error {
	received, replies := make([]ipv4.Message, batchSize), make([]ipv4.Message, batchSize)
	for i := range received {
		received[i].Buffers, replies[i].Buffers = [][]byte{make([]byte, 4096)}, make([][]byte, 1)
	}
	for {
		n, err := socket.ReadBatch(received, 0)
		if err != nil {
			return err
		}
		for i, m := range received[:n] {
			packet := m.Buffers[0][:m.N]
			if len(packet) > 2 {
				packet[2] |= 0x80 // QR: an answer
			}
			replies[i].Buffers[0], replies[i].Addr = packet, m.Addr
		}
		for sent := 0; sent < n; {
			some, err := socket.WriteBatch(replies[sent:n], 0)
			if err != nil {
				return err
			}
			sent += some
		}
	}
}

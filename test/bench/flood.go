package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

const (
	floodTime       = 5 * time.Second
	idleConnections = 10_000
)

// flood gives the resolver's memory after senders that read no reply, and while
// it has clients that connect and say nothing, beside what it was before.
func flood(ctx context.Context, resolver *server) ([]figures.Row, error) {
	fmt.Fprintf(os.Stderr, "a flood: %v\n", floodTime)
	before, err := figures.Resident(resolver.PID, "VmRSS")
	if err != nil {
		return nil, err
	}
	row := func(what string) (figures.Row, error) {
		now, err := figures.Resident(resolver.PID, "VmRSS")
		return figures.Row{
			What: what, Figure: figures.Mebibytes(now),
			Reference: figures.Mebibytes(before) + " before", Ratio: figures.Ratio(float64(now), float64(before)),
		}, err
	}

	perSecond, err := sendOnly(ctx, resolver.addr)
	if err != nil {
		return nil, err
	}
	flooded, err := row(fmt.Sprintf("memory after %.0f queries per second that nobody reads the replies of", perSecond))
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	for range idleConnections {
		conn, err := dialer.DialContext(ctx, "tcp", resolver.addr)
		if err != nil {
			return nil, fmt.Errorf("could not open %d connections: %w", idleConnections, err)
		}
		defer conn.Close()
	}
	idle, err := row(fmt.Sprintf("memory with %d clients that connect and say nothing", idleConnections))
	if err != nil {
		return nil, err
	}
	return []figures.Row{flooded, idle}, resolver.awaitAnswer(ctx, "")
}

// sendOnly sends A queries as fast as one goroutine can, and returns how many a second.
func sendOnly(ctx context.Context, addr string) (float64, error) {
	packet, err := new(dns.Msg).SetQuestion(endpoint+".", dns.TypeA).Pack()
	if err != nil {
		return 0, err
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, "udp4", addr)
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	batches := ipv4.NewPacketConn(socket.(net.PacketConn))
	messages := make([]ipv4.Message, 64)
	for i := range messages {
		messages[i].Buffers = [][]byte{packet}
	}
	sent := 0
	for end := time.Now().Add(floodTime); time.Now().Before(end); {
		n, err := batches.WriteBatch(messages, 0)
		if err != nil {
			return 0, fmt.Errorf("could not send queries: %w", err)
		}
		sent += n
	}
	return float64(sent) / floodTime.Seconds(), ctx.Err()
}

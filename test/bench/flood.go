package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
)

const floodTime = 5 * time.Second

// queries are for the endpoint's address, as most are.
func queries() (func([]byte) []byte, error) {
	packet, err := new(dns.Msg).SetQuestion(endpoint+".", dns.TypeA).Pack()
	return func([]byte) []byte { return packet }, err
}

// randomLabels are queries for names below the endpoint, no two alike.
func randomLabels() (func([]byte) []byte, error) {
	const header = 12
	packet, err := new(dns.Msg).SetQuestion("abcdefgh."+endpoint+".", dns.TypeA).Pack()
	return func(before []byte) []byte {
		before = append(before[:0], packet...)
		for i := range 8 {
			before[header+1+i] = 'a' + byte(rand.N(26))
		}
		return before
	}, err
}

// malformed are headers of queries with any bytes behind them.
func malformed() (func([]byte) []byte, error) {
	return func(before []byte) []byte {
		before = append(before[:0], 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1)
		for range 6 {
			before = binary.BigEndian.AppendUint64(before, rand.Uint64())
		}
		return before
	}, nil
}

// sendOnly sends packets as fast as one goroutine can, reads no reply, and
// returns how many it sent in a second. Next may write into what it gave before.
func sendOnly(ctx context.Context, addr string, next func(before []byte) []byte) (perSecond float64, err error) {
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, "udp4", addr)
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	batches := ipv4.NewPacketConn(socket.(net.PacketConn))
	messages := make([]ipv4.Message, 64)
	for i := range messages {
		messages[i].Buffers = make([][]byte, 1)
	}
	sent := 0
	for end := time.Now().Add(floodTime); time.Now().Before(end); {
		for i := range messages {
			messages[i].Buffers[0] = next(messages[i].Buffers[0])
		}
		n, err := batches.WriteBatch(messages, 0)
		if err != nil {
			return 0, fmt.Errorf("could not send: %w", err)
		}
		sent += n
	}
	return float64(sent) / floodTime.Seconds(), ctx.Err()
}

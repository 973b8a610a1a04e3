package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	idleClients    = 10_000
	hostileClients = 1_000
)

// connect opens connections and hands each to a goroutine that acts on it, and
// returns what closes them all.
func connect(ctx context.Context, addr string, n int, act func(net.Conn)) (closeAll func(), err error) {
	var open []net.Conn
	var acting sync.WaitGroup
	closeAll = func() {
		for _, conn := range open {
			_ = conn.Close()
		}
		acting.Wait()
	}
	var dialer net.Dialer
	for range n {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			closeAll()
			return nil, fmt.Errorf("could not open %d connections: %w", n, err)
		}
		open = append(open, conn)
		if act != nil {
			acting.Go(func() { act(conn) })
		}
	}
	return closeAll, nil
}

// hostile returns what a client does that takes no replies, and what one does
// that sends a query byte by byte and never ends it.
func hostile() (takesNone, drips func(net.Conn), err error) {
	packet, err := new(dns.Msg).SetQuestion(endpoint+".", dns.TypeA).Pack()
	if err != nil {
		return nil, nil, err
	}
	whole := append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)
	many := bytes.Repeat(whole, 1024)
	takesNone = func(conn net.Conn) {
		for {
			if _, err := conn.Write(many); err != nil {
				return
			}
		}
	}
	drips = func(conn net.Conn) {
		for {
			for _, b := range whole[:len(whole)-1] {
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
	}
	return takesNone, drips, nil
}

package dnsserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Clients that say nothing, never finish, drip, or take no replies cost a place
// for a while; whoever asks is answered beside them, and nothing stays.
func TestHostileConnectionsCostNothingThatStays(t *testing.T) {
	server := start(t, "127.0.0.1:0", nil)
	whole := framed(t, query("many.registry.io.", dns.TypeA))
	kinds := map[string]func(net.Conn){
		"say nothing":         func(net.Conn) {},
		"never finish":        func(c net.Conn) { _, _ = c.Write(whole[:len(whole)-1]) },
		"never finish a long": func(c net.Conn) { _, _ = c.Write(binary.BigEndian.AppendUint16(nil, receiveSize)) },
		"send what is no DNS": func(c net.Conn) { _, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: registry.io\r\n\r\n")) },
		"drip": func(c net.Conn) {
			for _, b := range whole[:len(whole)-1] {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
			}
		},
		"take no replies": func(c net.Conn) {
			_ = c.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = c.Write(bytes.Repeat(whole, 1<<13))
		},
	}
	ask(t, dial(t, server))
	goroutines, heap := runtime.NumGoroutine(), liveHeap()
	const each = 40
	var conns []net.Conn
	var busy sync.WaitGroup
	for range each {
		for kind, act := range kinds {
			conn, err := net.Dial("tcp", server.Addr().String())
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			conns = append(conns, conn)
			busy.Go(func() { act(conn) })
		}
		good := dial(t, server)
		ask(t, good)
		good.Close()
	}
	busy.Wait()
	// None has closed its side: the server gives them up by itself.
	await(t, "all are given up", func() bool { return runtime.NumGoroutine() <= goroutines })
	for _, conn := range conns {
		conn.Close()
	}
	if grown := int64(liveHeap()) - int64(heap); grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// A flood of random labels, while nobody above answers, costs no more than its
// bounds, and the endpoint nothing.
func TestAFloodOfNamesBelowStaysWithinBounds(t *testing.T) {
	var asked, waiting atomic.Int32
	stuck := stuckBelow(&waiting)
	server := startWith(t, Options{Addr: "127.0.0.1:0", Below: func(ctx context.Context, request *dns.Msg) (*dns.Msg, error) {
		asked.Add(1)
		short, done := context.WithTimeout(ctx, 100*time.Millisecond)
		defer done()
		return stuck(short, request)
	}})
	sender, err := net.Dial("udp4", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	answerBeside(t, server)
	goroutines, heap, began := runtime.NumGoroutine(), liveHeap(), time.Now()
	for i := range 20_000 {
		packet, err := query(fmt.Sprintf("x%d.v4.registry.io.", i), dns.TypeA).Pack()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sender.Write(packet); err != nil {
			t.Fatal(err)
		}
		// Each that is relayed has a goroutine, and its timer's may run.
		if now := runtime.NumGoroutine(); now > goroutines+2*maxRelayed {
			t.Fatalf("%d goroutines, %d before", now, goroutines)
		}
	}
	answerBeside(t, server)
	if n, most := float64(asked.Load()), maxRelayed+relaysPerSecond*(time.Since(began).Seconds()+0.1); n > most {
		t.Errorf("others were asked %v times in %v", n, time.Since(began))
	}
	await(t, "nobody is asked any more", func() bool { return runtime.NumGoroutine() <= goroutines })
	if grown := int64(liveHeap()) - int64(heap); grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

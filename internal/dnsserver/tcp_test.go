package dnsserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// dial opens a TCP connection that the test closes, and that no read blocks for ever.
func dial(t *testing.T, server *Server) *dns.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &dns.Conn{Conn: conn}
}

// framed is a query as it is on a TCP connection.
func framed(t *testing.T, request *dns.Msg) []byte {
	t.Helper()
	packet, err := request.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)
}

func ask(t *testing.T, conn *dns.Conn) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if err := conn.WriteMsg(query("v4.registry.io.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.ReadMsg(); err != nil || len(reply.Answer) != 2 {
		t.Fatalf("got %v, %v", reply, err)
	}
}

func TestManyQueriesOfOneConnectionAreAnsweredInTheirOrder(t *testing.T) {
	for _, addr := range loopbacks() {
		t.Run(addr, func(t *testing.T) { pipeline(t, dial(t, start(t, addr, nil))) })
	}
}

func pipeline(t *testing.T, conn *dns.Conn) {
	t.Helper()
	const queries = 2000
	names := []string{"v4.registry.io.", "many.registry.io.", "example.com.", "V4.registry.io."}
	var stream []byte
	for id := range queries {
		stream = append(stream, framed(t, query(names[id%len(names)], dns.TypeA, func(m *dns.Msg) { m.Id = uint16(id) }))...)
	}
	go conn.Conn.Write(stream) // nobody takes the replies until they are read below
	for id := range queries {
		reply, err := conn.ReadMsg()
		if err != nil {
			t.Fatalf("reply %d: %v", id, err)
		}
		if int(reply.Id) != id || reply.Question[0].Name != names[id%len(names)] {
			t.Fatalf("reply %d is for ID %d, %s", id, reply.Id, reply.Question[0].Name)
		}
	}
}

// Go's resolver, which container runtimes use, is told over UDP that there is more.
func TestAClientComesBackOverTCPForAllAddresses(t *testing.T) {
	for _, addr := range loopbacks() {
		server := start(t, addr, nil).Addr().String()
		var networks []string
		client := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			networks = append(networks, network)
			return new(net.Dialer).DialContext(ctx, network, server)
		}}
		got, err := client.LookupNetIP(t.Context(), "ip4", "many.registry.io.")
		if err != nil || len(got) != 200 || len(networks) != 2 || networks[0] != "udp" || networks[1] != "tcp" {
			t.Errorf("%s: %d addresses over %v, %v", server, len(got), networks, err)
		}
	}
}

func TestAQueryMayBeLong(t *testing.T) {
	conn := dial(t, start(t, "127.0.0.1:0", nil))
	for _, padding := range []int{0, smallBuffer - 80, smallBuffer, receiveSize - 80, 1} {
		request := query("v4.registry.io.", dns.TypeA, edns(1232, false), func(m *dns.Msg) {
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_PADDING{Padding: make([]byte, padding)})
		})
		if _, err := conn.Conn.Write(framed(t, request)); err != nil {
			t.Fatal(err)
		}
		if reply, err := conn.ReadMsg(); err != nil || reply.Id != request.Id || len(reply.Answer) != 2 {
			t.Errorf("with %d bytes of padding: %v, %v", padding, reply, err)
		}
	}
}

func TestAQueryMayComeInPieces(t *testing.T) {
	conn := dial(t, start(t, "127.0.0.1:0", nil))
	_ = conn.Conn.(*net.TCPConn).SetNoDelay(true)
	stream := append(framed(t, query("v4.registry.io.", dns.TypeA)), framed(t, query("x.v4.registry.io.", dns.TypeA))...)
	for _, b := range stream {
		if _, err := conn.Conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []int{dns.RcodeSuccess, dns.RcodeNameError} {
		if reply, err := conn.ReadMsg(); err != nil || reply.Rcode != want {
			t.Errorf("got %v, %v; want code %d", reply, err, want)
		}
	}
}

func TestAConnectionEndsAfterItsLastReply(t *testing.T) {
	whole := framed(t, query("v4.registry.io.", dns.TypeA))
	for sentence, after := range map[string][]byte{
		"when the client ends":                   nil,
		"when the client ends within a query":    whole[:len(whole)-1],
		"when a query is longer than any can be": binary.BigEndian.AppendUint16(nil, receiveSize+1),
	} {
		t.Run(sentence, func(t *testing.T) {
			conn := dial(t, start(t, "127.0.0.1:0", nil))
			if _, err := conn.Conn.Write(append(bytes.Clone(whole), after...)); err != nil {
				t.Fatal(err)
			}
			if len(after) != lengthSize {
				_ = conn.Conn.(*net.TCPConn).CloseWrite()
			}
			if _, err := conn.ReadMsg(); err != nil {
				t.Errorf("the whole query: %v", err)
			}
			if _, err := conn.ReadMsg(); !errors.Is(err, io.EOF) {
				t.Errorf("after it: %v, want the end", err)
			}
		})
	}
}

func TestAQueryThatDripsInIsGivenUp(t *testing.T) {
	t.Parallel()
	conn := dial(t, start(t, "127.0.0.1:0", nil))
	began := time.Now()
	var dripping sync.WaitGroup
	dripping.Go(func() {
		for drip := time.Tick(readTimeout / 10); ; <-drip {
			if _, err := conn.Conn.Write([]byte{1}); err != nil {
				return
			}
		}
	})
	_ = conn.SetReadDeadline(began.Add(readTimeout + 5*time.Second))
	_, err := conn.Conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("still open")
	}
	conn.Close()
	dripping.Wait()
}

func TestTheIdlestConnectionMakesPlaceForANewOne(t *testing.T) {
	server := start(t, "127.0.0.1:0", nil)
	forwarder := dial(t, server)
	ask(t, forwarder)
	before := runtime.NumGoroutine()
	idle := make([]net.Conn, 2*maxConnections)
	t.Cleanup(func() {
		for _, conn := range idle {
			if conn != nil {
				conn.Close()
			}
		}
	})
	for i := range idle {
		conn, err := net.Dial("tcp", server.Addr().String())
		if errors.Is(err, syscall.EMFILE) {
			t.Skipf("%d connections need more open files than are allowed: raise ulimit -n", len(idle))
		}
		if err != nil {
			t.Fatal(err)
		}
		idle[i] = conn
	}
	newest := dial(t, server)
	ask(t, newest)                                                    // so all before it were accepted
	if now := runtime.NumGoroutine(); now > before+maxConnections+8 { // some at their end
		t.Errorf("%d goroutines for %d connections, %d before", now, len(idle), before)
	}
	ask(t, forwarder) // it is idle for longer than all, but asked
	_ = idle[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := idle[0].Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection that was idle for longest is still open")
	}
}

// Where the idlest isn't closed, nobody in the bubble goes on, which synctest reports.
func TestAPlaceIsFreedByTheIdlestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTCPServer(nil, answerer{})
		const idlest = 7
		ended := make(chan int, maxConnections)
		for i := range maxConnections {
			client, conn := net.Pipe()
			defer client.Close()
			c := &tcpConn{Conn: conn, tcpServer: s, cancel: func() {}}
			c.idleSince.Store(int64(maxConnections + i))
			if i == idlest {
				c.idleSince.Store(1)
			}
			s.takePlace()
			s.add(c)
			go func() {
				_, _ = c.Read(make([]byte, 1)) // until one of both ends is closed
				ended <- i
				<-s.places
			}()
		}
		s.takePlace()
		if got := <-ended; got != idlest || len(ended) > 0 {
			t.Errorf("connection %d ended, and %d more; want %d alone", got, len(ended), idlest)
		}
	})
}

// A client that has its reply may count on its place from then on.
func TestAConnectionIsNoLongerIdleBeforeItHasItsReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, conn := net.Pipe()
		defer client.Close()
		server := New(Options{})
		server.Publish(zones())
		c := &tcpConn{tcpServer: newTCPServer(nil, server.answerer(TCP)), cancel: func() {}}
		written := make(chan int64, 1)
		c.Conn = beforeWrite{conn, func() { written <- c.idleSince.Load() }}
		c.idleSince.Store(neverAsked(time.Now()))
		go c.serve(t.Context())
		ask(t, &dns.Conn{Conn: client})
		if got, want := <-written, time.Now().UnixNano(); got != want {
			t.Errorf("idle since %v when the reply is sent, want %v", time.Unix(0, got), time.Unix(0, want))
		}
	})
}

// A beforeWrite calls a function before each write.
type beforeWrite struct {
	net.Conn
	call func()
}

func (b beforeWrite) Write(p []byte) (int, error) {
	b.call()
	return b.Conn.Write(p)
}

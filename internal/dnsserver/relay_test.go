package dnsserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/internal/dnsclient"
)

// stuckBelow never answers; it ends with its context, and counts who waits.
func stuckBelow(waiting *atomic.Int32) belowFunc {
	return func(ctx context.Context, _ *dns.Msg) (*dns.Msg, error) {
		waiting.Add(1)
		defer waiting.Add(-1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
}

// await waits for what other goroutines do.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// While others are silent, the endpoint's own answers come at once, also on the
// same socket and connection, and what is too much is refused at once.
func TestNamesBelowThatNobodyAnswersForHoldUpNothing(t *testing.T) {
	for _, proto := range []Protocol{UDP, TCP} {
		t.Run(string(proto), func(t *testing.T) {
			var waiting atomic.Int32
			server := startWith(t, Options{Addr: "127.0.0.1:0", Below: stuckBelow(&waiting)})
			raw, err := net.Dial(string(proto), server.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			conn := &dns.Conn{Conn: raw}
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			for range maxRelayed {
				if err := conn.WriteMsg(query("x.v4.registry.io.", dns.TypeA)); err != nil {
					t.Fatal(err)
				}
			}
			await(t, "all are asked", func() bool { return waiting.Load() == maxRelayed })
			began := time.Now()
			for range 100 {
				ask(t, conn)
				if err := conn.WriteMsg(query("y.v4.registry.io.", dns.TypeA)); err != nil {
					t.Fatal(err)
				}
				if reply, err := conn.ReadMsg(); err != nil || reply.Rcode != dns.RcodeServerFailure || reply.Question[0].Name != "y.v4.registry.io." {
					t.Fatalf("one more: %v, %v", reply, err)
				}
			}
			if took := time.Since(began); waiting.Load() != maxRelayed && took < relayTimeout {
				t.Errorf("%d are asked after %v", waiting.Load(), took)
			}
		})
	}
}

func TestAPlaceIsTakenWithinTheRateAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRelay(answerBelow(1))
		taken := 0
		const seconds = 10
		for range seconds * 1000 {
			if r.take() {
				taken++
				r.free()
			}
			time.Sleep(time.Millisecond)
		}
		if most := maxRelayed + seconds*relaysPerSecond; taken > most || taken < most-2 {
			t.Errorf("%d of 10,000 in 10 s, want %d", taken, most)
		}
		if len(r.places) != 0 {
			t.Errorf("%d places are still taken", len(r.places))
		}
	})
}

func TestAReplyFromElsewhereIsCutForTheClient(t *testing.T) {
	server := startWith(t, Options{Addr: "127.0.0.1:0", Below: answerBelow(2000)}).Addr().String()
	for sentence, test := range map[string]struct {
		proto   Protocol
		request *dns.Msg
		atMost  int
	}{
		"UDP without EDNS": {UDP, query("x.v4.registry.io.", dns.TypeA), 512},
		"UDP with EDNS":    {UDP, query("x.v4.registry.io.", dns.TypeA, edns(4096, false)), udpSize},
		"TCP":              {TCP, query("x.v4.registry.io.", dns.TypeA), 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			packet, err := test.request.Pack()
			if err != nil {
				t.Fatal(err)
			}
			raw, err := send(t, test.proto, server, packet, 5*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			var reply dns.Msg
			if err := reply.Unpack(raw); err != nil {
				t.Fatal(err)
			}
			if whole := test.atMost == 0; reply.Truncated == whole || whole != (len(reply.Answer) == 2000) || !whole && len(raw) > test.atMost {
				t.Errorf("TC is %t, %d bytes, %d addresses", reply.Truncated, len(raw), len(reply.Answer))
			}
		})
	}
}

// TestOPTIsBetweenNeighbours: what servers above say of themselves is not for the client (RFC 6891 section 6.1.1).
func TestOPTIsBetweenNeighbours(t *testing.T) {
	server := startWith(t, Options{Addr: "127.0.0.1:0", Below: func(_ context.Context, request *dns.Msg) (*dns.Msg, error) {
		return new(dns.Msg).SetReply(request).SetEdns0(4096, true), nil
	}}).Addr().String()
	for sentence, test := range map[string]struct {
		request *dns.Msg
		want    []string
	}{
		"without EDNS there is none": {query("x.v4.registry.io.", dns.TypeA), nil},
		"with EDNS there is ours":    {query("x.v4.registry.io.", dns.TypeA, edns(4096, false)), []string{"size 1232, DO false"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			reply, _, err := new(dns.Client).Exchange(test.request, server)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, rr := range reply.Extra {
				if opt, is := rr.(*dns.OPT); is {
					got = append(got, fmt.Sprintf("size %d, DO %t", opt.UDPSize(), opt.Do()))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("OPT records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatNobodyCanSayIsSERVFAIL(t *testing.T) {
	server := startWith(t, Options{Addr: "127.0.0.1:0", Below: func(context.Context, *dns.Msg) (*dns.Msg, error) {
		return nil, errors.New("no server answers")
	}})
	conform(t, server, map[string]exchange{
		"below": {query("x.v4.registry.io.", dns.TypeA, edns(1232, true)), []string{
			"QUERY SERVFAIL rd", "additional: OPT version 0 size 1232 do true z 0 options 0"}},
	})
}

// The library reads an SOA record without any data, and writes one that nobody can read.
func TestARecordThatCanNotBeWrittenIsNotRelayed(t *testing.T) {
	request := query("x.v4.registry.io.", dns.TypeA)
	above, err := new(dns.Msg).SetReply(request).Pack()
	if err != nil {
		t.Fatal(err)
	}
	above[9] = 1 // records in the authority section
	above = append(above, 0, 0, 6, 0, 1, 0, 0, 0, 5, 0, 0)
	got := new(dns.Msg)
	if err := got.Unpack(above); err != nil || len(got.Ns) != 1 {
		t.Fatalf("got %v, %v", got, err)
	}
	server := startWith(t, Options{Addr: "127.0.0.1:0", Below: func(context.Context, *dns.Msg) (*dns.Msg, error) { return got, nil }})
	conform(t, server, map[string]exchange{"below": {request, []string{"QUERY SERVFAIL rd"}}})
}

func TestAClientThatEndsItsSideStillGetsWhatItAsked(t *testing.T) {
	ended := make(chan struct{})
	conn := dial(t, startWith(t, Options{Addr: "127.0.0.1:0", Below: func(ctx context.Context, request *dns.Msg) (*dns.Msg, error) {
		<-ended
		return answerBelow(1)(ctx, request)
	}}))
	if err := conn.WriteMsg(query("x.v4.registry.io.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	if err := conn.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	close(ended)
	if reply, err := conn.ReadMsg(); err != nil || len(reply.Answer) != 1 {
		t.Errorf("got %v, %v", reply, err)
	}
}

// A place that waited for somebody else's answer would keep all new clients out.
func TestAConnectionThatWaitsForAReplyFreesItsPlaceAtOnce(t *testing.T) {
	asked, ended := make(chan struct{}), make(chan error, 1)
	server := startWith(t, Options{Addr: "127.0.0.1:0", Below: func(ctx context.Context, _ *dns.Msg) (*dns.Msg, error) {
		close(asked)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}})
	conn := dial(t, server)
	if err := conn.WriteMsg(query("x.v4.registry.io.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	<-asked
	conns := make([]*dns.Conn, maxConnections)
	for i := range conns {
		conns[i] = dial(t, server)
		ask(t, conns[i]) // so that it is less idle than the first
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended by %v, want by the next connection", err)
	}
}

// Serve, which start ends, must not wait for others: a reply after it is of no use.
func TestServeEndsWhileOthersAreAsked(t *testing.T) {
	var waiting atomic.Int32
	server := New(Options{Addr: "127.0.0.1:0", Below: stuckBelow(&waiting)})
	ctx, stop := context.WithCancel(t.Context())
	if err := server.Listen(ctx); err != nil {
		t.Fatal(err)
	}
	server.Publish(zones())
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx) }()
	packet, err := query("x.v4.registry.io.", dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	for _, proto := range []Protocol{UDP, TCP} {
		if raw, err := send(t, proto, server.Addr().String(), packet, 50*time.Millisecond); err == nil {
			t.Fatalf("got %x", raw)
		}
	}
	await(t, "both are asked", func() bool { return waiting.Load() == 2 })
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > relayTimeout/2 || waiting.Load() != 0 {
		t.Errorf("it took %v, and %d are still asked", took, waiting.Load())
	}
}

// Servers that lead back here, such as cluster DNS with our stanza, cost no more
// than the bounds, and the endpoint nothing.
func TestServersThatLeadBackHereAreAskedWithinBounds(t *testing.T) {
	var asked atomic.Int32
	var client *dnsclient.Client
	server := New(Options{Addr: "127.0.0.1:0", Below: func(ctx context.Context, request *dns.Msg) (*dns.Msg, error) {
		asked.Add(1)
		return client.Ask(ctx, request)
	}})
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	client = dnsclient.New([]netip.AddrPort{server.Addr(), server.Addr()}, time.Second)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	server.Publish(zones())
	go func() { ended <- server.Serve(ctx) }()
	began := time.Now()
	conn := dial(t, server)
	if err := conn.WriteMsg(query("x.v4.registry.io.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	ask(t, dial(t, server))
	if reply, err := conn.ReadMsg(); err != nil || reply.Rcode != dns.RcodeServerFailure {
		t.Errorf("got %v, %v", reply, err)
	}
	took := time.Since(began)
	if n := asked.Load(); float64(n) > maxRelayed+relaysPerSecond*(took.Seconds()+1) || took > relayTimeout+2*time.Second {
		t.Errorf("others were asked %d times, for %v", n, took)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

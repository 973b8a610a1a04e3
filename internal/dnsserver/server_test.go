package dnsserver

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
)

func TestSizes(t *testing.T) {
	for _, addr := range loopbacks() {
		server := start(t, addr, nil).Addr().String()
		t.Run(server, func(t *testing.T) { replySizes(t, server) })
	}
}

func replySizes(t *testing.T, server string) {
	t.Helper()
	for sentence, test := range map[string]struct {
		proto   Protocol
		request *dns.Msg
		atMost  int
		whole   bool
	}{
		"UDP without EDNS has 512 bytes":             {UDP, query("many.registry.io.", dns.TypeA), 512, false},
		"UDP with a small client has its size":       {UDP, query("many.registry.io.", dns.TypeA, edns(900, false)), 900, false},
		"UDP with a tiny client has 512 bytes":       {UDP, query("many.registry.io.", dns.TypeA, edns(100, false)), 512, false},
		"UDP with a large client has 1232 bytes":     {UDP, query("many.registry.io.", dns.TypeA, edns(65535, false)), 1232, false},
		"TCP without EDNS has all":                   {TCP, query("many.registry.io.", dns.TypeA), 65535, true},
		"TCP with a small client's UDP size has all": {TCP, query("MANY.registry.io.", dns.TypeA, edns(512, false)), 65535, true},
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
			if reply.Truncated == test.whole || (len(reply.Answer) == 200) != test.whole {
				t.Errorf("TC is %t with %d addresses", reply.Truncated, len(reply.Answer))
			}
			if len(raw) > test.atMost || !test.whole && len(raw) < test.atMost-16 {
				t.Errorf("%d bytes, want at most %d and the last address that fits", len(raw), test.atMost)
			}
			if sent := test.request.IsEdns0() != nil; sent != (reply.IsEdns0() != nil) {
				t.Errorf("OPT was sent: %t, came back: %t", sent, !sent)
			}
			if len(raw) > 12+5+len("many.registry.io.")+1+16*len(reply.Answer)+11 {
				t.Errorf("%d bytes for %d addresses: not compressed", len(raw), len(reply.Answer))
			}
		})
	}
}

func TestPacketsThatGetNoOrdinaryReply(t *testing.T) {
	whole, err := query("v4.registry.io.", dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	reply := append([]byte(nil), whole...)
	reply[2] |= 0x80
	brokenReply := append([]byte(nil), reply[:len(reply)-6]...)
	everyFlag := append([]byte(nil), whole[:20]...)
	everyFlag[2], everyFlag[3] = 0x07, 0xff
	loop := append(append([]byte(nil), whole[:12]...), 0xc0, 12, 0, 1, 0, 1)
	brokenUpdate := append([]byte(nil), whole[:20]...)
	brokenUpdate[2] |= dns.OpcodeUpdate << 3

	const formerr = dns.RcodeFormatError
	const none = -1
	for sentence, test := range map[string]struct {
		packet []byte
		want   int
	}{
		"an answer gets nothing":                           {reply, none},
		"a broken answer gets nothing":                     {brokenReply, none},
		"fewer bytes than a header get nothing":            {whole[:11], none},
		"a header that promises a question gets FORMERR":   {whole[:12], formerr},
		"a cut question gets FORMERR":                      {whole[:20], formerr},
		"FORMERR has no flag but RD from the request":      {everyFlag, formerr},
		"a name that points at itself gets FORMERR":        {loop, formerr},
		"a record that isn't there gets FORMERR":           {append(append([]byte(nil), whole[:11]...), append([]byte{1}, append(whole[12:len(whole):len(whole)], 0, 0, 41)...)...), formerr},
		"a label with a reserved length gets FORMERR":      {append(append([]byte(nil), whole[:12]...), 0x80, 0, 0, 1, 0, 1), formerr},
		"bytes after the message are ignored as BIND does": {append(append([]byte(nil), whole...), 1, 2, 3), dns.RcodeSuccess},
		"another opcode gets NOTIMP although it is cut":    {brokenUpdate, dns.RcodeNotImplemented},
	} {
		for _, addr := range loopbacks() {
			for _, proto := range []Protocol{UDP, TCP} {
				t.Run(addr+"/"+string(proto)+"/"+sentence, func(t *testing.T) {
					t.Parallel()
					server := start(t, addr, nil).Addr().String()
					wait := 5 * time.Second
					if test.want == none {
						wait = 200 * time.Millisecond
					}
					raw, err := send(t, proto, server, test.packet, wait)
					if test.want == none {
						if !errors.Is(err, os.ErrDeadlineExceeded) {
							t.Fatalf("got %x, %v; want no reply", raw, err)
						}
					} else if err != nil {
						t.Fatal(err)
					} else if got := int(raw[3] & 15); got != test.want || test.want == formerr && (raw[2] != 0x81 || raw[3]&0xf0 != 0) || raw[0] != whole[0] || raw[1] != whole[1] {
						t.Errorf("got the header %x, want code %d", raw[:12], test.want)
					}
					// And the server goes on.
					if raw, err := send(t, proto, server, whole, 5*time.Second); err != nil || raw[3]&15 != 0 {
						t.Errorf("the query after it got %x, %v", raw, err)
					}
				})
			}
		}
	}
}

// Over TCP the connection is closed, as TestAConnectionEndsAfterItsLastReply shows.
func TestMoreBytesOverUDPThanAreReadAreAFormatError(t *testing.T) {
	server := start(t, "127.0.0.1:0", nil).Addr().String()
	packet, err := query("v4.registry.io.", dns.TypeA, edns(1232, false), func(m *dns.Msg) {
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_PADDING{Padding: make([]byte, receiveSize)})
	}).Pack()
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := send(t, UDP, server, packet, 5*time.Second); err != nil || raw[3]&15 != dns.RcodeFormatError {
		t.Errorf("got %x, %v", raw, err)
	}
}

func TestBeforeTheFirstSnapshotEverythingIsSERVFAIL(t *testing.T) {
	for _, name := range []string{"v4.registry.io.", "."} {
		reply := Reply(nil, query(name, dns.TypeA), UDP)
		if diff := cmp.Diff([]string{"QUERY SERVFAIL rd"}, show(reply)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNamesThatAreTooLongToHaveANameServerBelowStillPack(t *testing.T) {
	label := strings.Repeat("a", 63)
	long := strings.Join([]string{label, label, label, strings.Repeat("b", 61)}, ".") // 253 characters
	z := zones()[0]
	z.Name = long
	s := NewSnapshot([]Zone{z})
	for _, qtype := range []uint16{dns.TypeSOA, dns.TypeNS, dns.TypeAAAA} {
		packet, err := Reply(s, query(long+".", qtype), TCP).Pack()
		if err != nil {
			t.Fatal(err)
		}
		if err := new(dns.Msg).Unpack(packet); err != nil {
			t.Errorf("type %d: %v", qtype, err)
		}
	}
}

func TestACNAMEThatNoPacketCanCarryIsAsGoodAsNoAnswer(t *testing.T) {
	for _, cname := range []string{"a..b", ".a", strings.Repeat("a", 64) + ".b"} {
		z := zones()[2]
		z.Answer.CNAME = cname
		reply := Reply(NewSnapshot([]Zone{z}), query("cname.registry.io.", dns.TypeA), UDP)
		if reply.Rcode != dns.RcodeServerFailure {
			t.Errorf("%q: %s", cname, show(reply))
		}
	}
}

// Snapshots are swapped while queries run: with -race this shows that replies
// change nothing that they share, and each must be wholly old or wholly new.
func TestRepliesAreOfOneSnapshot(t *testing.T) {
	s := start(t, "127.0.0.1:0", nil)
	server := s.Addr().String()
	internal, public := zones()[:1], zones()[2:3]
	public[0].Name = internal[0].Name

	done := make(chan struct{})
	var publisher, clients sync.WaitGroup
	publisher.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				s.Publish([][]Zone{internal, public}[i%2])
			}
		}
	})
	for _, name := range []string{"v4.registry.io.", "V4.registry.io."} {
		clients.Go(func() {
			for range 100 {
				reply, err := dns.Exchange(query(name, dns.TypeA), server)
				if err != nil {
					t.Error(err)
					return
				}
				_, alias := reply.Answer[0].(*dns.CNAME)
				last := reply.Answer[1].(*dns.A).A.String()
				if want := map[bool]string{true: "47.0.0.1", false: "10.1.0.11"}[alias]; last != want || len(reply.Answer) != 2 {
					t.Errorf("a mixture of two snapshots: %v", reply.Answer)
					return
				}
			}
		})
	}
	clients.Wait()
	close(done)
	publisher.Wait()
}

func TestQueriesAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	server := start(t, "127.0.0.1:0", reg).Addr().String()
	for _, request := range []*dns.Msg{
		query("v4.registry.io.", dns.TypeA), query("v4.registry.io.", dns.TypeAAAA), query(".", dns.TypeNS),
		query("v4.registry.io.", dns.TypeA, edns(1232, false), func(m *dns.Msg) { m.IsEdns0().SetVersion(9) }),
	} {
		packet, _ := request.Pack()
		if _, err := send(t, TCP, server, packet, 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := send(t, UDP, server, append(make([]byte, 5), 1, 0, 0, 0, 0, 0, 0), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"tcp NOERROR": 2, "tcp REFUSED": 1, "tcp BADVERS": 1, "udp FORMERR": 1}
	for _, proto := range []string{"udp", "tcp"} {
		for _, rcode := range []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "BADVERS", "none"} {
			want[proto+" "+rcode] += 0 // every series is there from the start
		}
	}
	families, err := reg.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "registry_failover_dns_queries_total" {
		t.Fatalf("got %v, %v", families, err)
	}
	got := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = m.GetCounter().GetValue()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Run("even when it had ended before", func(t *testing.T) {
		s := New(Options{Addr: "127.0.0.1:0"})
		if err := s.Listen(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := s.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Run("with an idle connection, and frees the port", func(t *testing.T) {
		s := New(Options{Addr: "127.0.0.1:0"})
		if err := s.Listen(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Serve(ctx) }()
		conn, err := dns.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.WriteMsg(query(".", dns.TypeNS)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ReadMsg(); err != nil {
			t.Fatal(err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		again := New(Options{Addr: s.Addr().String()})
		if err := again.Listen(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := again.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
}

// Without a deadline of its own each reply that nobody takes would hold Serve for ever.
func TestServeEndsAlthoughAClientTakesNoReplies(t *testing.T) {
	t.Parallel()
	var client net.Conn
	t.Cleanup(func() { client.Close() }) // after start's own, which waits for Serve
	server := start(t, "127.0.0.1:0", nil)
	var err error
	client, err = net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	packet, err := query("many.registry.io.", dns.TypeA).Pack()
	if err != nil {
		t.Fatal(err)
	}
	queries := bytes.Repeat(append([]byte{0, byte(len(packet))}, packet...), 1<<17)
	_ = client.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := client.Write(queries); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the server took all queries (%v): it isn't stuck", err)
	}
}

func TestListen(t *testing.T) {
	t.Run("a TCP port that is taken is named", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, _, err = listen(t.Context(), l.Addr().String())
		if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), l.Addr().String()) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a UDP port that is taken frees the TCP port again", func(t *testing.T) {
		p, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if _, _, err = listen(t.Context(), p.LocalAddr().String()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("got %v", err)
		}
		l, err := net.Listen("tcp", p.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
	})
	t.Run("an address without a port is refused with the form to use", func(t *testing.T) {
		if _, _, err := listen(t.Context(), "127.0.0.1"); err == nil || !strings.Contains(err.Error(), "host:port") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("all addresses are served from the address that was asked", func(t *testing.T) {
		s := startWith(t, Options{Addr: ":0", Below: answerBelow(1)})
		_, port, _ := net.SplitHostPort(s.Addr().String())
		own, _ := query("v4.registry.io.", dns.TypeA).Pack()
		below, _ := query("x.v4.registry.io.", dns.TypeA).Pack()
		asked := []string{"127.0.0.1", "127.0.0.2", "::1", "127.0.0.1"}
		if runtime.GOOS != "linux" {
			asked = []string{"127.0.0.1"}
		} else if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
			l.Close()
		} else {
			asked = []string{"127.0.0.1", "127.0.0.2", "127.0.0.1"}
		}
		for _, addr := range asked {
			for _, proto := range []Protocol{UDP, TCP} {
				for _, packet := range [][]byte{own, below} {
					if _, err := send(t, proto, net.JoinHostPort(addr, port), packet, 5*time.Second); err != nil {
						t.Errorf("%s over %s: %v", addr, proto, err)
					}
				}
			}
		}
	})
}

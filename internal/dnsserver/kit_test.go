package dnsserver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// zones are what the tests serve: one zone for each kind of answer.
func zones() []Zone {
	answer := func(cname string, addrs ...string) *zone.Answer {
		a := &zone.Answer{CNAME: cname, TTL: 5 * time.Second}
		for _, text := range addrs {
			a.Addrs = append(a.Addrs, netip.MustParseAddr(text))
		}
		return a
	}
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("10.3.0.%d", i))
	}
	serve := func(name string, a *zone.Answer) Zone {
		return Zone{Name: name, Answer: a, TTL: 5 * time.Second, Serial: 42}
	}
	return []Zone{
		serve("v4.registry.io", answer("", "10.1.0.10", "10.1.0.11")),
		serve("both.registry.io", answer("", "10.1.0.10", "2001:db8::10")),
		serve("cname.registry.io", answer("a-registry.aliyuncs.com", "47.0.0.1", "2001:db8::1")),
		serve("cname4.registry.io", answer("a-registry.aliyuncs.com", "47.0.0.1")),
		serve("many.registry.io", answer("", many...)),
		serve("unknown.registry.io", nil),
		serve("empty.registry.io", answer("a-registry.aliyuncs.com")),
		serve("below.v4.registry.io", answer("", "10.9.0.9")),
	}
}

// start serves the zones at a loopback address until the test ends.
func start(t *testing.T, addr string, reg prometheus.Registerer) *Server {
	t.Helper()
	return startWith(t, Options{Addr: addr, Metrics: reg})
}

func startWith(t *testing.T, o Options) *Server {
	t.Helper()
	s := New(o)
	ctx, stop := context.WithCancel(t.Context())
	if err := s.Listen(ctx); err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	s.Publish(zones())
	return s
}

// query makes a request; each change is applied in turn.
func query(name string, qtype uint16, changes ...func(*dns.Msg)) *dns.Msg {
	m := new(dns.Msg).SetQuestion(name, qtype)
	for _, change := range changes {
		change(m)
	}
	return m
}

// send sends raw bytes and returns the reply's bytes; an error means that none came.
func send(t *testing.T, proto Protocol, server string, packet []byte, wait time.Duration) ([]byte, error) {
	t.Helper()
	c, err := net.Dial(string(proto), server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	conn := &dns.Conn{Conn: c, UDPSize: dns.MaxMsgSize}
	_ = conn.SetDeadline(time.Now().Add(wait))
	if _, err := conn.Write(packet); err != nil {
		t.Fatal(err)
	}
	return conn.ReadMsgHeader(nil)
}

// show writes a reply as lines: the response code and the flags that are set,
// then each record with its section.
func show(m *dns.Msg) []string {
	head := []string{dns.OpcodeToString[m.Opcode], rcodes[m.Rcode]}
	for _, flag := range []struct {
		set  bool
		name string
	}{
		{m.Authoritative, "aa"}, {m.Truncated, "tc"}, {m.RecursionDesired, "rd"}, {m.RecursionAvailable, "ra"},
		{m.AuthenticatedData, "ad"}, {m.CheckingDisabled, "cd"}, {m.Zero, "z"},
	} {
		if flag.set {
			head = append(head, flag.name)
		}
	}
	lines := []string{strings.Join(head, " ")}
	for _, s := range []struct {
		name    string
		records []dns.RR
	}{{"answer", m.Answer}, {"authority", m.Ns}, {"additional", m.Extra}} {
		for _, rr := range s.records {
			text := strings.Join(strings.Fields(rr.String()), " ")
			if opt, is := rr.(*dns.OPT); is {
				text = fmt.Sprintf("OPT version %d size %d do %t z %d options %d", opt.Version(), opt.UDPSize(), opt.Do(), opt.Z(), len(opt.Option))
			}
			lines = append(lines, s.name+": "+text)
		}
	}
	return lines
}

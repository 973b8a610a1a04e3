package resolver_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/internal/dnsclient"
	"github.com/registry-failover/registry-failover/internal/dnsserver"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/resolver"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// lookupTimeout is for one question to the upstream.
const lookupTimeout = 200 * time.Millisecond

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// upstream is a DNS server in the role of the VPC's; how it answers can change.
type upstream struct {
	addr netip.AddrPort
	now  atomic.Pointer[func(w dns.ResponseWriter, r *dns.Msg)]
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{addr: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
	u.set(answers(fromZone))
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) { (*u.now.Load())(w, r) })}
	ended := make(chan error, 1)
	go func() { ended <- server.ActivateAndServe() }()
	t.Cleanup(func() {
		_ = conn.Close() // Shutdown needs a server that has started
		<-ended
	})
	return u
}

func (u *upstream) set(behave func(dns.ResponseWriter, *dns.Msg)) { u.now.Store(&behave) }

// answers gives an A record for every name, with the lowest TTL.
func answers(addr string) func(dns.ResponseWriter, *dns.Msg) {
	return func(w dns.ResponseWriter, r *dns.Msg) {
		reply := new(dns.Msg).SetReply(r)
		if r.Question[0].Qtype == dns.TypeA {
			rr, _ := dns.NewRR(r.Question[0].Name + " 5 A " + addr)
			reply.Answer = append(reply.Answer, rr)
		}
		_ = w.WriteMsg(reply)
	}
}

// site is a directory with everything that a resolver without a cluster has.
type site struct {
	t        *testing.T
	dir      string
	upstream netip.AddrPort
	registry *prometheus.Registry
	server   *dnsserver.Server
	resolver *resolver.Resolver
}

func newSite(t *testing.T, upstream netip.AddrPort) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), upstream: upstream}
	for _, sub := range []string{"switch", "state", "etc"} {
		if err := os.Mkdir(filepath.Join(s.dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.write("etc/hosts", "127.0.0.1 localhost\n")
	return s
}

func (s *site) write(path, text string) {
	s.t.Helper()
	path = filepath.Join(s.dir, path)
	fresh := filepath.Join(filepath.Dir(path), ".fresh")
	if err := os.WriteFile(fresh, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(fresh, path); err != nil {
		s.t.Fatal(err)
	}
}

// run starts a resolver and returns what ends it.
func (s *site) run() (stop func()) {
	s.t.Helper()
	cache := lastgood.Open(filepath.Join(s.dir, "cache"))
	log := slog.New(slog.NewTextHandler(s.t.Output(), nil))
	s.registry = prometheus.NewRegistry()
	s.server = dnsserver.New(dnsserver.Options{Addr: "127.0.0.1:0"})
	ctx, cancel := context.WithCancel(s.t.Context())
	if err := s.server.Listen(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.resolver = resolver.New(resolver.Options{
		Node: "node-a", Config: example(s.t),
		Follow: func(ctx context.Context, _ func(*config.Config)) error { <-ctx.Done(); return nil },
		Read: func(ctx context.Context, _ config.Source, publish func(inputs.Snapshot)) error {
			return inputs.Dir(ctx, s.dir, publish)
		},
		Cache: cache, Client: dnsclient.New([]netip.AddrPort{s.upstream}, lookupTimeout),
		Server: s.server, Hosts: nodehosts.NewFile(filepath.Join(s.dir, "etc/hosts")), Metrics: s.registry, Log: log,
	})
	ended := make(chan error, 1)
	go func() { ended <- s.resolver.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	}
}

// answer asks the resolver for the shared endpoint.
func (s *site) answer() string {
	reply, _, err := new(dns.Client).ExchangeContext(s.t.Context(), new(dns.Msg).SetQuestion(name+".", dns.TypeA), s.server.Addr().String())
	if err != nil {
		return err.Error()
	}
	if reply.Rcode != dns.RcodeSuccess {
		return dns.RcodeToString[reply.Rcode]
	}
	var texts []string
	for _, rr := range reply.Answer {
		if a, ok := rr.(*dns.A); ok {
			texts = append(texts, a.A.String())
		}
	}
	return strings.Join(texts, " ")
}

func (s *site) hosts() string {
	content, err := os.ReadFile(filepath.Join(s.dir, "etc/hosts"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(content)
}

// metric is the value of a gauge that has at most the label endpoint or name.
func (s *site) metric(metric, label string) float64 {
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == metric && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == label) {
				return m.GetGauge().GetValue()
			}
		}
	}
	return -1
}

func (s *site) await(what string, condition func() bool) {
	s.t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			s.t.Fatalf("this did not come true: %s; the answer is %s, the hosts file %q", what, s.answer(), s.hosts())
		case <-tick.C:
		}
	}
}

const block = "127.0.0.1 localhost\n# BEGIN registry-failover\n10.1.0.10 cross-region.registry.io\n# END registry-failover\n"

func TestSwitchReachesDNSAndHosts(t *testing.T) {
	s := newSite(t, newUpstream(t).addr)
	s.write("switch/"+name, "privatezone")
	defer s.run()()
	s.await("DNS answers what PrivateZone says", func() bool { return s.answer() == fromZone })
	s.await("it is ready", func() bool { return s.resolver.Ready() == nil })
	if got := s.hosts(); got != "127.0.0.1 localhost\n" {
		t.Errorf("the hosts file is %q", got)
	}
	s.write("switch/"+name, "hangzhou")
	s.await("DNS answers hangzhou", func() bool { return s.answer() == hangzhou })
	s.await("the hosts file has hangzhou", func() bool { return s.hosts() == block })
	for what, spoil := range map[string]func(){
		"emptied": func() { s.write("switch/"+name, "") },
		"damaged": func() { s.write("switch/"+name, "to: \x00") },
		"deleted": func() {
			if err := os.RemoveAll(filepath.Join(s.dir, "switch")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		spoil()
		s.await("a switch that is "+what+" is reported", func() bool { return s.metric("registry_failover_switch_valid", name) == 0 })
		if s.answer() != hangzhou || s.hosts() != block {
			t.Errorf("after the switch was %s: the answer is %s, the hosts file %q", what, s.answer(), s.hosts())
		}
		if err := os.MkdirAll(filepath.Join(s.dir, "switch"), 0o755); err != nil {
			t.Fatal(err)
		}
		s.write("switch/"+name, "hangzhou")
		s.await("it is valid again", func() bool { return s.metric("registry_failover_switch_valid", name) == 1 })
	}
	s.write("switch/"+name, "privatezone")
	s.await("the block is gone", func() bool { return s.hosts() == "127.0.0.1 localhost\n" })
}

func TestMissingUpstreamDoesNotStopASwitch(t *testing.T) {
	s := newSite(t, netip.MustParseAddrPort("127.0.0.1:1"))
	s.write("switch/"+name, "privatezone")
	defer s.run()()
	s.await("the failure is reported", func() bool { return s.metric("registry_failover_lookup_success", name) == 0 })
	if got := s.answer(); got != "SERVFAIL" {
		t.Errorf("without any answer DNS says %s", got)
	}
	s.write("switch/"+name, "hangzhou")
	s.await("DNS answers hangzhou", func() bool { return s.answer() == hangzhou })
}

func TestRestartWithEverythingAwayAnswersAsBefore(t *testing.T) {
	u := newUpstream(t)
	s := newSite(t, u.addr)
	s.write("switch/"+name, "hangzhou/public")
	stop := s.run()
	s.await("the public endpoint is answered", func() bool { return s.answer() == fromZone })
	s.await("the hosts file has it", func() bool { return strings.Contains(s.hosts(), fromZone+" "+name) })
	before := s.hosts()
	stop()
	u.set(func(dns.ResponseWriter, *dns.Msg) {})
	if err := os.RemoveAll(filepath.Join(s.dir, "switch")); err != nil {
		t.Fatal(err)
	}
	defer s.run()()
	s.await("DNS answers as before", func() bool { return s.answer() == fromZone })
	s.await("the missing switch is reported", func() bool { return s.metric("registry_failover_switch_valid", name) == 0 })
	if got := s.hosts(); got != before {
		t.Errorf("the hosts file is %q, was %q", got, before)
	}
}

func TestHostsFileThatCannotBeWrittenDoesNotStopDNS(t *testing.T) {
	s := newSite(t, newUpstream(t).addr)
	// A directory in the place of the file can't be written by anybody, root or not.
	if err := os.Remove(filepath.Join(s.dir, "etc/hosts")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.dir, "etc/hosts"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.write("switch/"+name, "hangzhou")
	defer s.run()()
	s.await("DNS answers hangzhou", func() bool { return s.answer() == hangzhou })
	s.await("the hosts file is reported", func() bool { return s.metric("registry_failover_hosts_synced", "") == 0 })
}

func TestMetricsFollowTheConventions(t *testing.T) {
	s := newSite(t, newUpstream(t).addr)
	s.write("switch/"+name, "hangzhou")
	defer s.run()()
	s.await("DNS answers hangzhou", func() bool { return s.answer() == hangzhou })
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

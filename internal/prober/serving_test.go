package prober

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/test/standin"
)

func TestWhoServes(t *testing.T) {
	for sentence, test := range map[string]struct {
		seen             Seen
		instance, reason string
	}{
		"the instance itself":                     {answered("cri-aaaaa"), "hangzhou", ""},
		"the other one":                           {answered("cri-bbbbb"), "zhangjiakou", ""},
		"one whose authority the node may know":   {answered("cri-aaaaa", certificate(health.ErrNotTrusted)), "hangzhou", ""},
		"one whose tokens can't be had":           {answered("cri-aaaaa", func(s *Seen) { s.Answer.RealmErr = errors.New("no realm") }), "hangzhou", ""},
		"a foreign one":                           {answered("cri-foreign"), "", "cri-foreign answers, which is no instance of the configuration"},
		"one that nobody would take for the name": {answered("cri-aaaaa", certificate(health.ErrWrongName)), "", "who answers has a wrong certificate: it doesn't cover the name: details"},
		"a registry without a name":               {answered(""), "", "who answers names no instance"},
		"anybody":                                 {answered("", func(s *Seen) { s.Answer.Registry = false }), "", "who answers isn't recognisably a registry"},
		"nobody":                                  {ended(health.Connect, errors.New("connection refused")), "", "can't be connected to: connection refused"},
		"nobody in time":                          {ended(health.Request, late), "", "has not answered within 5s"},
		"one that may not be asked so often":      {ended(health.Request, health.ErrThrottled), "", "wants to be asked less often: it says 429 Too Many Requests"},
	} {
		if instance, reason := serves(test.seen.Result, expected.Names, expected.Slow); instance != test.instance || reason != test.reason {
			t.Errorf("%s: %q, %q", sentence, instance, reason)
		}
	}
}

// TestWhoAnswersCountsAtOnce, and that nobody does after several times: a connection that is lost
// once must not look like a switch.
func TestWhoAnswersCountsAtOnce(t *testing.T) {
	a, b := lookup{addrs: []netip.Addr{netip.MustParseAddr("10.1.0.10")}, pinned: true}, lookup{addrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}}
	type step struct {
		instance string
		at       lookup
		want     string // with the step since when
	}
	unread := lookup{err: errors.New("permission denied")}
	for sentence, steps := range map[string][]step{
		"who answers counts at once":               {{"a", a, "a0"}, {"a", a, "a0"}, {"b", b, "b2"}},
		"that nobody does after 3 times":           {{"a", a, "a0"}, {"", a, "a0"}, {"", a, "a0"}, {"", a, "3"}, {"", a, "3"}, {"a", a, "a5"}},
		"an answer in between begins it anew":      {{"a", a, "a0"}, {"", a, "a0"}, {"", a, "a0"}, {"a", a, "a0"}, {"", a, "a0"}, {"", a, "a0"}},
		"at once where the name leads elsewhere":   {{"a", a, "a0"}, {"", b, "1"}, {"a", a, "a2"}},
		"not where it isn't known where it leads":  {{"a", a, "a0"}, {"", unread, "a0"}, {"", unread, "a0"}, {"", unread, "3"}},
		"nor where the same is led to by the file": {{"a", a, "a0"}, {"a", lookup{addrs: a.addrs}, "a0"}},
	} {
		begin := time.Unix(0, 0)
		s := newService(begin)
		for n, step := range steps {
			s = s.next(step.instance, "r", step.at, begin.Add(time.Duration(n)*time.Second), 3)
			if got := s.Instance + s.Since.Sub(begin).String(); got != step.want+"s" {
				t.Errorf("%s: after step %d: %s, not %s", sentence, n, got, step.want)
				break
			}
		}
	}
}

// instances are stand-ins for both, and where they are.
func instances(t *testing.T) health.Prober {
	t.Helper()
	authority, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for address, id := range map[string]string{"10.1.0.10:443": "cri-aaaaa", "10.2.0.10:443": "cri-bbbbb"} {
		r, err := standin.NewRegistry(authority, shared)
		if err != nil {
			t.Fatal(err)
		}
		r.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+realmHost+`/auth",service="registry.aliyuncs.com:cn-x:china:`+id+`"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		})
		if err := r.Listen(t.Context(), "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		at[address] = r.Addr()
	}
	return health.Prober{
		Roots:   authority.Pool,
		Resolve: func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") },
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if to, known := at[address]; known {
				return new(net.Dialer).DialContext(ctx, network, to)
			}
			return nil, errors.New("connection refused")
		},
	}
}

// TestThatTheHostsFileLeadsElsewhereIsSeenSoon, long before the next probe is due.
func TestThatTheHostsFileLeadsElsewhereIsSeenSoon(t *testing.T) {
	hosts := filepath.Join(t.TempDir(), "hosts")
	p := New(Options{
		Health: instances(t), Version: "v0.1.0", Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		Names: &NodeNames{HostsFile: hosts, DNS: func(_ context.Context, name string, each time.Duration) ([]netip.Addr, error) {
			if name != shared || each > time.Second {
				t.Errorf("DNS is asked for %s, each server for %s", name, each)
			}
			return []netip.Addr{netip.MustParseAddr("10.2.0.10")}, nil
		}},
	})
	p.Configure(example(t, "health: {interval: 1h}"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	for _, step := range []struct{ file, instance, reason string }{
		{"", "zhangjiakou", "by the node's DNS"},
		{"10.1.0.10 " + shared, "hangzhou", "by the node's hosts file"},
		{"10.1.0.11 " + shared, "", "can't be connected to: connection refused"},
		{"10.1.0.10 " + shared, "hangzhou", "by the node's hosts file"},
		{"", "zhangjiakou", "by the node's DNS"},
	} {
		next := hosts + ".new" // as the resolver replaces it
		if err := errors.Join(os.WriteFile(next, []byte(step.file+"\n"), 0o600), os.Rename(next, hosts)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		for got := (healthreport.Serving{Reason: "nothing"}); got.Instance != step.instance || got.Reason != step.reason; {
			select {
			case <-p.Changed():
				if s, told := p.Report().Of(shared); told {
					got = s
				}
			case <-ctx.Done():
				t.Fatalf("%q: %+v", step.file, got)
			}
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%q is seen after %s", step.file, took)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWithoutNamesNobodyIsToldToServe(t *testing.T) {
	p := New(Options{Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	p.Configure(example(t, ""))
	p.begin()
	if r := p.Report(); len(r.Serving) > 0 || len(r.Instances) != 4 {
		t.Errorf("%+v", r)
	}
}

func TestAHostsFileThatCannotBeReadIsTold(t *testing.T) {
	link := filepath.Join(t.TempDir(), "hosts")
	if err := os.Symlink("/etc/static/hosts", link); err != nil {
		t.Fatal(err)
	}
	l := (&NodeNames{HostsFile: link, DNS: func(context.Context, string, time.Duration) ([]netip.Addr, error) {
		t.Error("DNS is asked, though the file may lead elsewhere")
		return nil, nil
	}}).lookup(t.Context(), shared, time.Second)
	if l.err == nil {
		t.Errorf("%+v", l)
	}
}

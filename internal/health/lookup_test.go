package health

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/test/standin"
)

// asks looks names up as the system does, at one DNS server.
func asks(server string) func(context.Context, string) ([]netip.Addr, error) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}}
	return func(ctx context.Context, name string) ([]netip.Addr, error) {
		return resolver.LookupNetIP(ctx, "ip", name)
	}
}

func TestNamesAreLookedUpInDNS(t *testing.T) {
	const name = "a-registry.cn-hangzhou.cr.aliyuncs.com"
	zone, err := standin.ServePrivateZone(t.Context(), map[string]netip.Addr{name: addr}, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer zone.Close()
	prober := registry(t, nil)
	prober.Resolve = asks(zone.Addr())

	r := prober.Probe(t.Context(), Target{Host: shared, Name: name})
	if r.Err != nil || r.Addr != addr || r.Latency.Lookup <= 0 {
		t.Errorf("%+v", r)
	}
	if at, err := prober.Reach(t.Context(), name, 443); err != nil || at != addr {
		t.Errorf("%s, %v", at, err)
	}

	_, err = prober.Reach(t.Context(), "other.example", 443)
	unknown, ok := errors.AsType[*net.DNSError](err)
	if !ok || !unknown.IsNotFound || err.Error() != "other.example can't be looked up: no such host" {
		t.Errorf("%v", err)
	}

	zone.Misbehave(func(w dns.ResponseWriter, _ *dns.Msg) { w.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = prober.Reach(ctx, name, 443)
	if silent, ok := errors.AsType[*net.DNSError](err); !ok || silent.IsNotFound || !strings.HasPrefix(err.Error(), name+" can't be looked up: ") {
		t.Errorf("%v", err)
	}
}

func TestAnAddressNeedsNoLookup(t *testing.T) {
	prober := registry(t, nil)
	prober.Resolve = fails("nobody should ask")
	if at, err := prober.Reach(t.Context(), "192.0.2.1", 443); err != nil || at != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("%s, %v", at, err)
	}
	prober.Dial = dialTo(refused(t))
	if _, err := prober.Reach(t.Context(), "192.0.2.1", 8443); err == nil || err.Error() != "192.0.2.1 at port 8443 can't be connected to: connection refused" {
		t.Errorf("%v", err)
	}
}

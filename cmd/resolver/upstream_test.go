package main

import (
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTheResolverIsNoServerOfItsOwn(t *testing.T) {
	local := []net.Addr{&net.IPNet{IP: net.IPv4(10, 0, 0, 5), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("2001:db8::5"), Mask: net.CIDRMask(64, 128)}}
	var servers []netip.AddrPort
	for _, text := range []string{"100.100.2.136:53", "127.0.0.1:53", "10.0.0.5:53", "10.0.0.6:53", "[2001:db8::5]:53", "10.0.0.5:5300"} {
		servers = append(servers, netip.MustParseAddrPort(text))
	}
	for listen, want := range map[string][]netip.AddrPort{
		"":              servers,
		":53":           {servers[0], servers[3], servers[5]},
		"[::]:53":       {servers[0], servers[3], servers[5]},
		"0.0.0.0:5300":  servers[:5],
		"10.0.0.5:53":   {servers[0], servers[1], servers[3], servers[4], servers[5]},
		"127.0.0.1:53":  {servers[0], servers[2], servers[3], servers[4], servers[5]},
		"127.0.0.1:0":   servers,
		"no address":    servers,
		"10.0.0.5:5300": servers[:5],
	} {
		if diff := cmp.Diff(want, others(servers, listen, local), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
			t.Errorf("listening on %q (-want +got):\n%s", listen, diff)
		}
	}
}

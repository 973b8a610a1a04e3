package dnsserver

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/internal/dnsclient"
	"github.com/registry-failover/registry-failover/test/standin"
)

// TestNamesBelowAnEndpointFollowTheZonesProxyPattern is the part of README.md's
// table that needs the VPC's DNS: v4's zone has the pattern ZONE, both's RECORD.
func TestNamesBelowAnEndpointFollowTheZonesProxyPattern(t *testing.T) {
	records := map[string]netip.Addr{
		"v4.registry.io": netip.MustParseAddr("10.6.6.6"), "both.registry.io": netip.MustParseAddr("10.6.6.6"),
		"own.v4.registry.io": netip.MustParseAddr("10.5.0.1"), "own.both.registry.io": netip.MustParseAddr("10.5.0.2"),
	}
	privateZone, err := standin.ServePrivateZone(t.Context(), records, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer privateZone.Close()
	privateZone.SetZone("v4.registry.io", standin.ProxyZone)
	privateZone.SetZone("both.registry.io", standin.ProxyRecord)
	for _, name := range []string{"public.v4.registry.io", "public.both.registry.io", "own.both.registry.io", "ns.both.registry.io", "x.unknown.registry.io"} {
		privateZone.SetPublic(name, netip.MustParseAddr("203.0.113.1"))
	}
	client := dnsclient.New([]netip.AddrPort{netip.MustParseAddrPort(privateZone.Addr())}, 5*time.Second)
	for _, addr := range loopbacks() {
		conform(t, startWith(t, Options{Addr: addr, Below: client.Ask}), conformanceBelow())
	}
}

func conformanceBelow() map[string]exchange {
	const (
		a4, a6 = dns.TypeA, dns.TypeAAAA
		opt    = "additional: OPT version 0 size 1232 do false z 0 options 0"
		soa    = "authority: both.registry.io. 5 IN SOA ns.both.registry.io. hostmaster.both.registry.io. 42 3600 600 86400 5"
	)
	return map[string]exchange{
		"ZONE: a record of the zone is found":                    {query("own.v4.registry.io.", a4), []string{"QUERY NOERROR aa rd ra", "answer: own.v4.registry.io. 60 IN A 10.5.0.1"}},
		"ZONE: a name of public DNS doesn't exist":               {query("public.v4.registry.io.", a4), []string{"QUERY NXDOMAIN aa rd ra"}},
		"ZONE: a name that nobody has doesn't exist":             {query("x.y.v4.registry.io.", a4), []string{"QUERY NXDOMAIN aa rd ra"}},
		"RECORD: a record of the zone comes before public DNS":   {query("own.both.registry.io.", a4), []string{"QUERY NOERROR aa rd ra", "answer: own.both.registry.io. 60 IN A 10.5.0.2"}},
		"RECORD: a name of public DNS is found":                  {query("public.both.registry.io.", a4), []string{"QUERY NOERROR rd ra", "answer: public.both.registry.io. 60 IN A 203.0.113.1"}},
		"RECORD: a name that nobody has doesn't exist":           {query("x.both.registry.io.", a4), []string{"QUERY NXDOMAIN rd ra"}},
		"RECORD: a type that the name doesn't have is NODATA":    {query("public.both.registry.io.", a6), []string{"QUERY NOERROR rd ra"}},
		"mixed case comes back as it was asked":                  {query("puBLIC.Both.registry.io.", a4), []string{"QUERY NOERROR rd ra", "answer: puBLIC.Both.registry.io. 60 IN A 203.0.113.1"}},
		"without RD there is no RD":                              {query("own.v4.registry.io.", a4, func(m *dns.Msg) { m.RecursionDesired = false }), []string{"QUERY NOERROR aa ra", "answer: own.v4.registry.io. 60 IN A 10.5.0.1"}},
		"OPT is ours and without an option":                      {query("public.both.registry.io.", a4, edns(4096, false), unknownOption), []string{"QUERY NOERROR rd ra", "answer: public.both.registry.io. 60 IN A 203.0.113.1", opt}},
		"the endpoint itself is never asked for":                 {query("both.registry.io.", a4), []string{"QUERY NOERROR aa rd", "answer: both.registry.io. 5 IN A 10.1.0.10"}},
		"no other type of the endpoint either":                   {query("both.registry.io.", dns.TypeTXT), []string{"QUERY NOERROR aa rd", soa}},
		"the name server's own name is ours":                     {query("ns.both.registry.io.", a4), []string{"QUERY NOERROR aa rd", soa}},
		"an endpoint below another is ours":                      {query("below.v4.registry.io.", a4), []string{"QUERY NOERROR aa rd", "answer: below.v4.registry.io. 5 IN A 10.9.0.9"}},
		"below an endpoint without an answer it is SERVFAIL":     {query("x.unknown.registry.io.", a4), []string{"QUERY SERVFAIL rd"}},
		"a name beside the endpoints is REFUSED":                 {query("xboth.registry.io.", a4), []string{"QUERY REFUSED rd"}},
		"AXFR below the endpoint is REFUSED":                     {query("own.v4.registry.io.", dns.TypeAXFR), []string{"QUERY REFUSED rd"}},
		"another class below the endpoint is REFUSED":            {query("own.v4.registry.io.", a4, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), []string{"QUERY REFUSED rd"}},
		"another EDNS version is BADVERS below the endpoint too": {query("own.v4.registry.io.", a4, edns(1232, false), func(m *dns.Msg) { m.IsEdns0().SetVersion(1) }), []string{"QUERY BADVERS rd", opt}},
	}
}

// belowFunc is what is asked in the tests that have no servers.
type belowFunc = func(context.Context, *dns.Msg) (*dns.Msg, error)

// answerBelow answers every request at once with as many addresses.
func answerBelow(addrs int) belowFunc {
	return func(_ context.Context, request *dns.Msg) (*dns.Msg, error) {
		reply := new(dns.Msg).SetReply(request)
		for i := range addrs {
			reply.Answer = append(reply.Answer, &dns.A{
				Hdr: dns.RR_Header{Name: request.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
				A:   netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).AsSlice(),
			})
		}
		return reply, nil
	}
}

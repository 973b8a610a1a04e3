package dnsserver

import (
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// TestConformance asks a running server everything in README.md's table, over
// UDP and TCP, IPv4 and IPv6.
func TestConformance(t *testing.T) {
	for _, addr := range loopbacks() {
		conform(t, start(t, addr, nil), conformance())
	}
}

// loopbacks are the addresses to listen on of the families that there are.
func loopbacks() []string {
	addrs := []string{"127.0.0.1:0"}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		addrs = append(addrs, "[::1]:0")
	}
	return addrs
}

// conform asks a server everything in a table, over UDP and TCP.
func conform(t *testing.T, s *Server, table map[string]exchange) {
	t.Helper()
	server := s.Addr().String()
	for _, proto := range []Protocol{UDP, TCP} {
		for sentence, test := range table {
			t.Run(server+"/"+string(proto)+"/"+sentence, func(t *testing.T) {
				packet, err := test.request.Pack()
				if err != nil {
					t.Fatal(err)
				}
				raw, err := send(t, proto, server, packet, 5*time.Second)
				if err != nil {
					t.Fatalf("no reply: %v", err)
				}
				var reply dns.Msg
				if err := reply.Unpack(raw); err != nil {
					t.Fatal(err)
				}
				if reply.Id != test.request.Id || !reply.Response {
					t.Errorf("the reply has ID %d and QR %t, the request ID %d", reply.Id, reply.Response, test.request.Id)
				}
				asked := test.request.Question
				if len(asked) != 1 {
					asked = nil
				}
				if diff := cmp.Diff(asked, reply.Question); diff != "" {
					t.Errorf("the question came back changed (-asked +came back):\n%s", diff)
				}
				if diff := cmp.Diff(test.want, show(&reply)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

type exchange struct {
	request *dns.Msg
	want    []string
}

func conformance() map[string]exchange {
	soa := func(zone string) string {
		return "authority: " + zone + ". 5 IN SOA ns." + zone + ". hostmaster." + zone + ". 42 3600 600 86400 5"
	}
	const (
		a4, a6 = dns.TypeA, dns.TypeAAAA
		opt    = "additional: OPT version 0 size 1232 do false z 0 options 0"
	)
	return map[string]exchange{
		"A gives every IPv4 address": {query("v4.registry.io.", a4), []string{
			"QUERY NOERROR aa rd", "answer: v4.registry.io. 5 IN A 10.1.0.10", "answer: v4.registry.io. 5 IN A 10.1.0.11"}},
		"A without RD gets no RD": {query("both.registry.io.", a4, func(m *dns.Msg) { m.RecursionDesired = false }), []string{
			"QUERY NOERROR aa", "answer: both.registry.io. 5 IN A 10.1.0.10"}},
		"flags that only a resolver or a validator has stay off": {query("both.registry.io.", a4, func(m *dns.Msg) {
			m.RecursionAvailable, m.AuthenticatedData, m.CheckingDisabled, m.Truncated, m.Authoritative, m.Zero = true, true, true, true, true, true
		}), []string{"QUERY NOERROR aa rd", "answer: both.registry.io. 5 IN A 10.1.0.10"}},
		"AAAA gives every IPv6 address": {query("both.registry.io.", a6), []string{
			"QUERY NOERROR aa rd", "answer: both.registry.io. 5 IN AAAA 2001:db8::10"}},
		"mixed case comes back as it was asked": {query("bOtH.Registry.IO.", a4), []string{
			"QUERY NOERROR aa rd", "answer: bOtH.Registry.IO. 5 IN A 10.1.0.10"}},
		"AAAA for a name with only IPv4 is NODATA": {query("v4.registry.io.", a6), []string{
			"QUERY NOERROR aa rd", soa("v4.registry.io")}},
		"A behind a CNAME comes in the same packet": {query("cname.registry.io.", a4), []string{
			"QUERY NOERROR aa rd", "answer: cname.registry.io. 5 IN CNAME a-registry.aliyuncs.com.", "answer: a-registry.aliyuncs.com. 5 IN A 47.0.0.1"}},
		"AAAA behind a CNAME comes in the same packet": {query("cname.registry.io.", a6), []string{
			"QUERY NOERROR aa rd", "answer: cname.registry.io. 5 IN CNAME a-registry.aliyuncs.com.", "answer: a-registry.aliyuncs.com. 5 IN AAAA 2001:db8::1"}},
		"mixed case is only that of the name that was asked": {query("CNAME.registry.io.", a4), []string{
			"QUERY NOERROR aa rd", "answer: CNAME.registry.io. 5 IN CNAME a-registry.aliyuncs.com.", "answer: a-registry.aliyuncs.com. 5 IN A 47.0.0.1"}},
		"AAAA behind a CNAME without IPv6 is the CNAME alone": {query("cname4.registry.io.", a6), []string{
			"QUERY NOERROR aa rd", "answer: cname4.registry.io. 5 IN CNAME a-registry.aliyuncs.com."}},
		"CNAME is the CNAME alone": {query("cname.registry.io.", dns.TypeCNAME), []string{
			"QUERY NOERROR aa rd", "answer: cname.registry.io. 5 IN CNAME a-registry.aliyuncs.com."}},
		"CNAME where there is none is NODATA": {query("v4.registry.io.", dns.TypeCNAME), []string{
			"QUERY NOERROR aa rd", soa("v4.registry.io")}},
		"SOA": {query("v4.registry.io.", dns.TypeSOA), []string{
			"QUERY NOERROR aa rd", "answer: v4.registry.io. 5 IN SOA ns.v4.registry.io. hostmaster.v4.registry.io. 42 3600 600 86400 5"}},
		"NS": {query("v4.registry.io.", dns.TypeNS), []string{
			"QUERY NOERROR aa rd", "answer: v4.registry.io. 5 IN NS ns.v4.registry.io."}},
		"the name server's own name has no address": {query("ns.v4.registry.io.", a4), []string{
			"QUERY NOERROR aa rd", soa("v4.registry.io")}},
		"another type is NODATA": {query("v4.registry.io.", dns.TypeHTTPS), []string{
			"QUERY NOERROR aa rd", soa("v4.registry.io")}},
		"another type where the answer is a CNAME is NODATA": {query("cname.registry.io.", dns.TypeTXT), []string{
			"QUERY NOERROR aa rd", soa("cname.registry.io")}},
		"a type that nobody knows is NODATA": {query("v4.registry.io.", 65280), []string{
			"QUERY NOERROR aa rd", soa("v4.registry.io")}},
		"a name below the endpoint doesn't exist": {query("x.V4.registry.io.", a4), []string{
			"QUERY NXDOMAIN aa rd", soa("v4.registry.io")}},
		"a name far below the endpoint doesn't exist": {query("x.y.ns.v4.registry.io.", dns.TypeANY), []string{
			"QUERY NXDOMAIN aa rd", soa("v4.registry.io")}},
		"an endpoint below another is a zone of its own": {query("below.v4.registry.io.", a4), []string{
			"QUERY NOERROR aa rd", "answer: below.v4.registry.io. 5 IN A 10.9.0.9"}},
		"a name that only ends alike is out of zone":         {query("av4.registry.io.", a4), []string{"QUERY REFUSED rd"}},
		"a dot inside a label is no zone cut":                {query(`x\.v4.registry.io.`, a4), []string{"QUERY REFUSED rd"}},
		"a name above the endpoints is out of zone":          {query("registry.io.", a4), []string{"QUERY REFUSED rd"}},
		"the health probe of CoreDNS gets a reply":           {query(".", dns.TypeNS), []string{"QUERY REFUSED rd"}},
		"ANY is one small record":                            {query("cname.registry.io.", dns.TypeANY), []string{"QUERY NOERROR aa rd", `answer: cname.registry.io. 5 IN HINFO "RFC8482" ""`}},
		"ANY out of zone is refused":                         {query("example.com.", dns.TypeANY), []string{"QUERY REFUSED rd"}},
		"no answer known is SERVFAIL":                        {query("unknown.registry.io.", a4), []string{"QUERY SERVFAIL rd"}},
		"no answer known is SERVFAIL for other types":        {query("unknown.registry.io.", dns.TypeTXT), []string{"QUERY SERVFAIL rd"}},
		"no answer known is SERVFAIL below the endpoint":     {query("x.unknown.registry.io.", a4), []string{"QUERY SERVFAIL rd"}},
		"an answer without addresses is as good as none":     {query("empty.registry.io.", a4), []string{"QUERY SERVFAIL rd"}},
		"class CH is refused":                                {query("v4.registry.io.", dns.TypeTXT, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), []string{"QUERY REFUSED rd"}},
		"class ANY is refused":                               {query("v4.registry.io.", a4, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassANY }), []string{"QUERY REFUSED rd"}},
		"AXFR is refused":                                    {query("v4.registry.io.", dns.TypeAXFR), []string{"QUERY REFUSED rd"}},
		"IXFR is refused":                                    {query("v4.registry.io.", dns.TypeIXFR), []string{"QUERY REFUSED rd"}},
		"NOTIFY isn't implemented":                           {query("v4.registry.io.", dns.TypeSOA, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }), []string{"NOTIFY NOTIMP rd"}},
		"UPDATE isn't implemented":                           {query("v4.registry.io.", dns.TypeSOA, func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }), []string{"UPDATE NOTIMP rd"}},
		"no question is a format error":                      {query(".", a4, func(m *dns.Msg) { m.Question = nil }), []string{"QUERY FORMERR rd"}},
		"two questions are a format error":                   {query("v4.registry.io.", a4, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), []string{"QUERY FORMERR rd"}},
		"two OPT records are a format error":                 {query("v4.registry.io.", a4, edns(1232, false), edns(1232, false)), []string{"QUERY FORMERR rd", opt}},
		"EDNS version 1 is BADVERS":                          {query("v4.registry.io.", a4, edns(1232, false), func(m *dns.Msg) { m.IsEdns0().SetVersion(1) }), []string{"QUERY BADVERS rd", opt}},
		"OPT comes back also with a refusal":                 {query(".", dns.TypeNS, edns(4096, false)), []string{"QUERY REFUSED rd", opt}},
		"OPT comes back with our size and without an option": {query("both.registry.io.", a4, edns(4096, false), unknownOption), []string{"QUERY NOERROR aa rd", "answer: both.registry.io. 5 IN A 10.1.0.10", opt}},
		"DO is copied and other EDNS flags aren't": {query("both.registry.io.", a4, edns(4096, true), func(m *dns.Msg) { m.IsEdns0().SetZ(1) }), []string{
			"QUERY NOERROR aa rd", "answer: both.registry.io. 5 IN A 10.1.0.10", "additional: OPT version 0 size 1232 do true z 0 options 0"}},
	}
}

func edns(size uint16, do bool) func(*dns.Msg) {
	return func(m *dns.Msg) { m.SetEdns0(size, do) }
}

func unknownOption(m *dns.Msg) {
	opt := m.IsEdns0()
	opt.Option = append(opt.Option, &dns.EDNS0_LOCAL{Code: 65001, Data: []byte("hello")}, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0123456789abcdef"})
}

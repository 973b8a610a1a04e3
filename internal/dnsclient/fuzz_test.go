package dnsclient

import (
	"math"
	"testing"

	"github.com/miekg/dns"
)

// FuzzReply takes any bytes for a server's reply: nothing panics, only addresses
// of the family that was asked for come out, and no chain grows without a CNAME.
func FuzzReply(f *testing.F) {
	request := new(dns.Msg).SetQuestion("x.io.", dns.TypeA)
	request.Id = 7
	seed := func(lines ...string) {
		t := new(testing.T)
		packet, err := reply(t, map[string][]string{"x.io. A": lines}, request).Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
	}
	seed("x.io. 60 A 10.1.0.10", "x.io. 60 AAAA 2001:db8::1")
	seed("x.io. 60 CNAME a.io.", "a.io. 60 CNAME b.io.", "b.io. 60 A 10.1.0.10")
	seed("x.io. 60 CNAME a.io.", "a.io. 60 CNAME x.io.")
	seed("NXDOMAIN", soa)
	seed("authority io. 60 NS ns.io.")
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := accept(request, packet)
		if err != nil {
			return
		}
		isReferral(m)
		for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
			found := chain{ttl: math.MaxInt64}
			end, err := found.read(m, "x.io.", qtype, map[string]bool{"x.io.": true})
			if err != nil {
				continue
			}
			if found.cname == "" && end != "x.io." && end != "." {
				t.Fatalf("the chain ends at %q with the CNAME %q", end, found.cname)
			}
			for _, a := range found.addrs {
				if !a.IsValid() || qtype == dns.TypeA && !a.Is4() {
					t.Fatalf("type %d gave %v", qtype, found.addrs)
				}
			}
			if found.ttl < 0 {
				t.Fatalf("TTL %s", found.ttl)
			}
		}
	})
}

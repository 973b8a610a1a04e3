package dnsserver

import (
	"math"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Zone is one shared endpoint as it is served.
type Zone struct {
	// Name is the endpoint: lowercase, no final dot.
	Name string
	// Answer is what the endpoint resolves to. Nil means that nothing is known
	// yet: every query for the zone gets SERVFAIL, so that clients ask elsewhere
	// or again, and never an empty or negative answer that they would keep.
	Answer *zone.Answer
	// TTL is for SOA, NS and negative answers; the Answer has its own.
	TTL time.Duration
	// Serial is the SOA's.
	Serial uint32
}

// Snapshot is what all endpoints resolve to at one moment. It never changes,
// and replies share its records.
type Snapshot struct {
	zones  map[string]*served // by lowercase name with its final dot
	packed packedReplies
}

// served is a zone as complete records. Replies only read them.
type served struct {
	name    string
	nsName  string
	soa     dns.RR
	known   bool
	answers map[uint16][]dns.RR // at the zone's own name, by query type
}

// NewSnapshot builds the records of all zones, and packs what is asked most.
func NewSnapshot(zones []Zone) *Snapshot {
	s := &Snapshot{zones: make(map[string]*served, len(zones)), packed: make(packedReplies, len(zones))}
	for _, z := range zones {
		built := z.serve()
		s.zones[built.name] = built
	}
	for _, z := range s.zones {
		s.packed.add(s, z)
	}
	return s
}

// find returns the closest zone at or above a lowercase name with its final
// dot; nil when the name is in none.
func (s *Snapshot) find(name string) *served {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if z := s.zones[name[off:]]; z != nil {
			return z
		}
	}
	return nil
}

func (z Zone) serve() *served {
	name, ttl := dns.CanonicalName(z.Name), seconds(z.TTL)
	s := &served{name: name, nsName: under("ns", name)}
	s.soa = &dns.SOA{
		Hdr: header(name, dns.TypeSOA, ttl), Ns: s.nsName, Mbox: under("hostmaster", name), Serial: z.Serial,
		// For secondaries, of which there are none: transfers are refused.
		Refresh: 3600, Retry: 600, Expire: 86400,
		Minttl: ttl,
	}
	s.answers = map[uint16][]dns.RR{
		dns.TypeSOA: {s.soa},
		dns.TypeNS:  {&dns.NS{Hdr: header(name, dns.TypeNS, ttl), Ns: s.nsName}},
		// RFC 8482 section 4.2: a small answer instead of everything.
		dns.TypeANY: {&dns.HINFO{Hdr: header(name, dns.TypeHINFO, ttl), Cpu: "RFC8482"}},
	}
	if z.Answer != nil {
		s.addAnswer(*z.Answer)
	}
	return s
}

// addAnswer leaves the zone unknown when the answer has no address or a CNAME
// that no packet could carry.
func (s *served) addAnswer(a zone.Answer) {
	owner, ttl := s.name, seconds(a.TTL)
	var alias []dns.RR
	if a.CNAME != "" {
		if _, valid := dns.IsDomainName(a.CNAME); !valid {
			return
		}
		owner = dns.CanonicalName(a.CNAME)
		alias = []dns.RR{&dns.CNAME{Hdr: header(s.name, dns.TypeCNAME, ttl), Target: owner}}
	}
	// A bare CNAME breaks clients that take addresses only from the same packet
	// (Go does), so the target's addresses follow it.
	v4, v6 := addressRecords(owner, ttl, a.Addrs)
	s.answers[dns.TypeCNAME] = alias
	s.answers[dns.TypeA] = append(alias[:len(alias):len(alias)], v4...)
	s.answers[dns.TypeAAAA] = append(alias[:len(alias):len(alias)], v6...)
	s.known = len(v4)+len(v6) > 0
}

func addressRecords(owner string, ttl uint32, addrs []netip.Addr) (v4, v6 []dns.RR) {
	for _, a := range addrs {
		switch a = a.Unmap(); {
		case a.Is4():
			v4 = append(v4, &dns.A{Hdr: header(owner, dns.TypeA, ttl), A: a.AsSlice()})
		case a.Is6():
			v6 = append(v6, &dns.AAAA{Hdr: header(owner, dns.TypeAAAA, ttl), AAAA: a.AsSlice()})
		}
	}
	return v4, v6
}

func header(owner string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

// under puts a label before a zone's name, or leaves the name as it is where
// both together are longer than a DNS name can be: the SOA must always pack.
func under(label, name string) string {
	long := label + "." + name
	if _, valid := dns.IsDomainName(long); !valid || len(long) > 254 {
		return name
	}
	return long
}

// seconds rounds up, because a TTL of 0 would mean something else, and stays
// in the range of RFC 2181 section 8.
func seconds(d time.Duration) uint32 {
	return uint32(min(max(math.Ceil(d.Seconds()), 0), math.MaxInt32))
}

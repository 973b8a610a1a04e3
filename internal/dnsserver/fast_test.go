package dnsserver

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// sameAsPlain fails when both paths differ, and tells whether the fast one replied.
func sameAsPlain(t *testing.T, s *Snapshot, packet []byte, proto Protocol) bool {
	t.Helper()
	before := []byte("what stands in the buffer stays")
	got, done := fast(bytes.Clone(before), s, packet, proto)
	want := bytes.Clone(before)
	if done {
		var rcode int
		if want, rcode = plain(want, s, packet, proto); rcode != dns.RcodeSuccess {
			t.Errorf("the plain path gives code %d", rcode)
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%x over %s:\nfast  %x\nplain %x", packet, proto, got[len(before):], want[len(before):])
	}
	return done
}

// FuzzFast takes any bytes for a packet: what the fast path replies, the plain one does.
func FuzzFast(f *testing.F) {
	for _, packet := range seeds(f) {
		f.Add(packet)
	}
	s := NewSnapshot(append(zones(), sharingZones()...))
	f.Fuzz(func(t *testing.T, packet []byte) {
		for _, proto := range []Protocol{UDP, TCP} {
			sameAsPlain(t, s, packet, proto)
			sameAsPlain(t, nil, packet, proto)
		}
	})
}

// Each byte of each query takes every value: what a header or an OPT record
// says, one bit away from what is packed ahead.
func TestTheFastPathRepliesAsThePlainOneToQueriesWithOneByteChanged(t *testing.T) {
	s := NewSnapshot(zones())
	replied, total := 0, 0
	for _, request := range []*dns.Msg{
		query("v4.registry.io.", dns.TypeA), query("both.registry.io.", dns.TypeAAAA, edns(1232, true)),
	} {
		packet, err := request.Pack()
		if err != nil {
			t.Fatal(err)
		}
		for i := range packet {
			for value := range 256 {
				changed := bytes.Clone(packet)
				changed[i] = byte(value)
				total++
				if sameAsPlain(t, s, changed, UDP) {
					replied++
				}
			}
			sameAsPlain(t, s, packet[:i], UDP)
		}
		sameAsPlain(t, s, append(packet, 0), UDP)
	}
	if replied < 2000 || replied > total/2 {
		t.Errorf("the fast path replied to %d of %d", replied, total)
	}
}

// Names of few and short labels share all kinds of ends, of letters that have a
// case and of digits that have none: where a reply has pointers depends on it.
func TestTheFastPathRepliesAsThePlainOneWhateverTheNames(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	name := func() string {
		labels := make([]string, 1+random.IntN(4))
		for i := range labels {
			labels[i] = []string{"a", "b", "1", "2", "a1", "-_", strings.Repeat("x", 63)}[random.IntN(7)]
		}
		return strings.Join(labels, ".")
	}
	spell := func(name string) string {
		spelt := []byte(name)
		for i := range spelt {
			if random.IntN(2) == 0 {
				spelt[i] = bytes.ToUpper(spelt[i : i+1])[0]
			}
		}
		return string(spelt)
	}
	replied := 0
	for range 2000 {
		a := &zone.Answer{TTL: time.Second}
		if random.IntN(3) > 0 {
			a.CNAME = spell(name())
		}
		for i := range 1 + random.IntN(40) {
			a.Addrs = append(a.Addrs, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}))
		}
		z := Zone{Name: name(), Answer: a}
		s := NewSnapshot([]Zone{z, {Name: name(), Answer: a}})
		for range 8 {
			request := query(spell(z.Name)+".", []uint16{dns.TypeA, dns.TypeAAAA}[random.IntN(2)])
			if random.IntN(2) == 0 {
				request.SetEdns0(uint16(random.IntN(1500)), random.IntN(2) == 0)
			}
			packet, err := request.Pack()
			if err != nil {
				t.Fatal(err)
			}
			if sameAsPlain(t, s, packet, []Protocol{UDP, TCP}[random.IntN(2)]) {
				replied++
			}
		}
	}
	if replied < 8000 {
		t.Errorf("the fast path replied to %d of 16,000, which shows too little", replied)
	}
}

func TestTheFastPathRepliesToWhatIsAskedMost(t *testing.T) {
	s := NewSnapshot(append(zones(), sharingZones()...))
	for _, proto := range []Protocol{UDP, TCP} {
		for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
			for _, size := range []int{0, 512, 1232, 4096} {
				for _, do := range []bool{false, true} {
					for name, want := range map[string]bool{
						"both.registry.io.":    true,
						"bOTh.Registry.IO.":    true,
						"v4.registry.io.":      true,
						"cname.registry.io.":   true,
						"CNAME.registry.io.":   true,
						"sharing.registry.io.": true,
						// The reply has a pointer into the question or not.
						"sharing.REGISTRY.io.": false,
						"unknown.registry.io.": false,
						"x.both.registry.io.":  false,
						"example.com.":         false,
					} {
						req := query(name, qtype)
						if size > 0 {
							req.SetEdns0(uint16(size), do)
						}
						packet, err := req.Pack()
						if err != nil {
							t.Fatal(err)
						}
						if got := sameAsPlain(t, s, packet, proto); got != want {
							t.Errorf("%s type %d size %d over %s: replied %t", name, qtype, size, proto, got)
						}
					}
				}
			}
		}
	}
}

// Around the size where a reply is truncated, both paths agree about it.
func TestTheFastPathTruncatesAsThePlainOne(t *testing.T) {
	for n := 1; n <= 90; n++ {
		a := &zone.Answer{TTL: time.Second}
		for i := range n {
			a.Addrs = append(a.Addrs, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))
			a.Addrs = append(a.Addrs, netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)}))
		}
		alias := *a
		alias.CNAME = "b.registry.io"
		s := NewSnapshot([]Zone{{Name: "a.registry.io", Answer: a}, {Name: "b.a.registry.io", Answer: &alias}})
		for _, name := range []string{"a.registry.io.", "A.registry.io.", "b.a.registry.io.", "b.a.Registry.io."} {
			for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
				requests := []*dns.Msg{query(name, qtype)}
				for near := -12; near <= 12; near++ {
					size := Reply(s, query(name, qtype, edns(1232, false)), TCP).Len() + near
					requests = append(requests, query(name, qtype, edns(uint16(size), false)))
				}
				for _, request := range requests {
					packet, err := request.Pack()
					if err != nil {
						t.Fatal(err)
					}
					sameAsPlain(t, s, packet, UDP)
				}
			}
		}
	}
}

// sharingZones lead to names that end as their own do.
func sharingZones() []Zone {
	a := &zone.Answer{
		CNAME: "a.registry.io", TTL: time.Second,
		Addrs: []netip.Addr{netip.MustParseAddr("47.0.0.1"), netip.MustParseAddr("2001:db8::1")},
	}
	return []Zone{{Name: "sharing.registry.io", Answer: a}, {Name: "1.2.registry.io", Answer: a}}
}

// seeds are the packets of the conformance table, with variants of some, and
// each of them as an answer.
func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	requests := []*dns.Msg{query("sharing.Registry.io.", dns.TypeA), query("1.2.registry.io.", dns.TypeAAAA)}
	for _, size := range []uint16{0, 511, 512, 1231, 1232, 65535} {
		requests = append(requests, query("many.registry.io.", dns.TypeA, edns(size, size%2 == 0)))
	}
	for _, test := range conformance() {
		requests = append(requests, test.request)
	}
	var packets [][]byte
	for _, request := range requests {
		packet, err := request.Pack()
		if err != nil {
			tb.Fatal(err)
		}
		answer := bytes.Clone(packet)
		answer[2] |= 0x80
		packets = append(packets, packet, answer)
	}
	return packets
}

func BenchmarkAnswer(b *testing.B) {
	s := NewSnapshot(zones())
	for _, name := range []string{"v4.registry.io.", "V4.registry.io.", "cname.registry.io."} {
		packet, err := query(name, dns.TypeA, edns(1232, false)).Pack()
		if err != nil {
			b.Fatal(err)
		}
		out := make([]byte, 0, udpSize)
		b.Run(fmt.Sprintf("fast/%s", strings.TrimSuffix(name, ".")), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, done := fast(out, s, packet, UDP); !done {
					b.Fatal("not packed ahead")
				}
			}
		})
		b.Run(fmt.Sprintf("plain/%s", strings.TrimSuffix(name, ".")), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, rcode := plain(out, s, packet, UDP); rcode != 0 {
					b.Fatal(rcode)
				}
			}
		})
	}
}

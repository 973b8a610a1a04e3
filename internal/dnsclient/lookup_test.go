package dnsclient

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// sameAddr lets cmp compare addresses.
var sameAddr = cmpopts.EquateComparable(netip.Addr{})

func addrs(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

const soa = "authority registry.io. 60 SOA ns.registry.io. hostmaster.registry.io. 1 3600 600 86400 7"

func TestLookupFollowsOneGoodServer(t *testing.T) {
	for sentence, test := range map[string]struct {
		table map[string][]string
		want  zone.Records
		ttl   time.Duration
	}{
		"both families, IPv4 first, and the least TTL": {
			map[string][]string{
				"x.io. A":    {"x.io. 60 A 10.1.0.11", "x.io. 60 A 10.1.0.10"},
				"x.io. AAAA": {"x.io. 30 AAAA 2001:db8::10"},
			},
			zone.Records{Addrs: addrs("10.1.0.10", "10.1.0.11", "2001:db8::10")}, 30 * time.Second},
		"IPv4 alone, kept no longer than the missing IPv6": {
			map[string][]string{"x.io. A": {"x.io. 60 A 10.1.0.10"}, "x.io. AAAA": {soa}},
			zone.Records{Addrs: addrs("10.1.0.10")}, 7 * time.Second},
		"IPv6 alone": {
			map[string][]string{"x.io. AAAA": {"x.io. 60 AAAA 2001:db8::10"}},
			zone.Records{Addrs: addrs("2001:db8::10")}, 60 * time.Second},
		"a server that denies the name for AAAA only": {
			map[string][]string{"x.io. A": {"x.io. 60 A 10.1.0.10"}, "x.io. AAAA": {"NXDOMAIN"}},
			zone.Records{Addrs: addrs("10.1.0.10")}, 60 * time.Second},
		"the SOA's own TTL is the lesser one": {
			map[string][]string{"x.io. A": {"x.io. 60 A 10.1.0.10"}, "x.io. AAAA": {strings.Replace(soa, " 60 ", " 3 ", 1)}},
			zone.Records{Addrs: addrs("10.1.0.10")}, 3 * time.Second},
		"an address that is sent twice counts once": {
			map[string][]string{"x.io. A": {"x.io. 60 A 10.1.0.10", "x.io. 60 A 10.1.0.10"}},
			zone.Records{Addrs: addrs("10.1.0.10")}, 60 * time.Second},
		"records of other names are passed over": {
			map[string][]string{"x.io. A": {"other.io. 1 A 10.6.6.6", "x.io. 60 A 10.1.0.10", "x.io. 1 AAAA 2001:db8::6"}},
			zone.Records{Addrs: addrs("10.1.0.10")}, 60 * time.Second},
		"a CNAME with its addresses, in any case and order": {
			map[string][]string{
				"x.io. A":    {"b.IO. 60 A 47.0.0.1", "X.io. 20 CNAME A.io.", "a.io. 60 CNAME B.io."},
				"x.io. AAAA": {"x.io. 60 CNAME a.io.", "a.io. 60 CNAME b.io.", "b.io. 60 AAAA 2001:db8::1"},
			},
			zone.Records{CNAME: "a.io", Addrs: addrs("47.0.0.1", "2001:db8::1")}, 20 * time.Second},
		"a CNAME split over packets": {
			map[string][]string{
				"x.io. A": {"x.io. 60 CNAME a.io."}, "a.io. A": {"a.io. 60 CNAME b.io.", "b.io. 60 CNAME c.io."}, "c.io. A": {"c.io. 9 A 47.0.0.1"},
				"x.io. AAAA": {"x.io. 60 CNAME a.io."},
			},
			zone.Records{CNAME: "a.io", Addrs: addrs("47.0.0.1")}, 9 * time.Second},
		"a CNAME whose target doesn't exist for one family": {
			map[string][]string{"x.io. A": {"NXDOMAIN", "x.io. 60 CNAME a.io."}, "x.io. AAAA": {"x.io. 60 CNAME a.io.", "a.io. 60 AAAA 2001:db8::1"}},
			zone.Records{CNAME: "a.io", Addrs: addrs("2001:db8::1")}, 60 * time.Second},
		"families that disagree: the CNAME is that of A": {
			map[string][]string{
				"x.io. A":    {"x.io. 60 CNAME a.io.", "a.io. 60 A 47.0.0.1"},
				"x.io. AAAA": {"x.io. 60 CNAME b.io.", "b.io. 60 AAAA 2001:db8::1"},
			},
			zone.Records{CNAME: "a.io", Addrs: addrs("47.0.0.1", "2001:db8::1")}, 60 * time.Second},
		"families that disagree: A has no CNAME": {
			map[string][]string{"x.io. A": {"x.io. 60 A 47.0.0.1"}, "x.io. AAAA": {"x.io. 60 CNAME b.io.", "b.io. 60 AAAA 2001:db8::1"}},
			zone.Records{Addrs: addrs("47.0.0.1", "2001:db8::1")}, 60 * time.Second},
		"families that disagree: A has nothing at all": {
			map[string][]string{"x.io. A": {"NXDOMAIN"}, "x.io. AAAA": {"x.io. 60 CNAME b.io.", "b.io. 60 AAAA 2001:db8::1"}},
			zone.Records{CNAME: "b.io", Addrs: addrs("2001:db8::1")}, 60 * time.Second},
		"a TTL with the highest bit is 0": {
			map[string][]string{"x.io. A": {"x.io. 4294967295 A 10.1.0.10"}},
			zone.Records{Addrs: addrs("10.1.0.10")}, 0},
		"256 addresses, which need TCP": {
			map[string][]string{"x.io. A": many(256)},
			zone.Records{Addrs: addrsOf(256)}, 60 * time.Second},
		"a chain of 8 further questions": {
			chainOf(8), zone.Records{CNAME: "c1.io", Addrs: addrs("47.0.0.1")}, 60 * time.Second},
	} {
		t.Run(sentence, func(t *testing.T) {
			server := serve(t, truncateOverUDP(t, test.table))
			got, ttl, err := New([]netip.AddrPort{server}, 5*time.Second).Lookup(t.Context(), "X.io.")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, sameAddr); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if ttl != test.ttl {
				t.Errorf("TTL %s, want %s", ttl, test.ttl)
			}
		})
	}
}

func TestLookupRefusesWhatOneServerSays(t *testing.T) {
	circle := map[string][]string{"x.io. A": {"x.io. 60 CNAME a.io.", "a.io. 60 CNAME x.io."}}
	wideCircle := map[string][]string{"x.io. A": {"x.io. 60 CNAME a.io."}, "a.io. A": {"a.io. 60 CNAME b.io."}, "b.io. A": {"b.io. 60 CNAME a.io."}}
	for sentence, test := range map[string]struct {
		table map[string][]string
		want  string
		empty bool
	}{
		"an empty answer":                {nil, "could not look up x.io at SERVER: it has no addresses", true},
		"a name that doesn't exist":      {map[string][]string{"x.io. A": {"NXDOMAIN"}, "x.io. AAAA": {"NXDOMAIN"}}, "could not look up x.io at SERVER: it has no addresses", true},
		"a CNAME to nothing":             {map[string][]string{"x.io. A": {"x.io. 60 CNAME a.io."}, "x.io. AAAA": {"x.io. 60 CNAME a.io."}}, "could not look up x.io at SERVER: it has no addresses", true},
		"a CNAME to itself":              {map[string][]string{"x.io. A": {"x.io. 60 CNAME x.io."}}, "could not look up x.io at SERVER: A: the CNAMEs lead in a circle at x.io", false},
		"a circle in one packet":         {circle, "could not look up x.io at SERVER: A: the CNAMEs lead in a circle at x.io", false},
		"a circle over packets":          {wideCircle, "could not look up x.io at SERVER: A: the CNAMEs lead in a circle at a.io", false},
		"a chain of 9 further questions": {chainOf(9), "could not look up x.io at SERVER: A: the chain of CNAMEs goes on after 8 further questions: shorten it", false},
		"257 addresses":                  {map[string][]string{"x.io. A": many(257)}, "could not look up x.io at SERVER: it has 257 addresses: at most 256 are taken", false},
		"SERVFAIL for one family":        {map[string][]string{"x.io. A": {"x.io. 60 A 10.1.0.10"}, "x.io. AAAA": {"SERVFAIL"}}, "could not look up x.io at SERVER: AAAA: SERVER answered SERVFAIL", false},
		"REFUSED for the CNAME's target": {map[string][]string{"x.io. A": {"x.io. 60 CNAME a.io."}, "a.io. A": {"REFUSED"}, "x.io. AAAA": {"x.io. 60 AAAA 2001:db8::1"}}, "could not look up x.io at SERVER: A of its CNAME a.io: SERVER answered REFUSED", false},
		"a referral, which is no NODATA": {map[string][]string{"x.io. A": {"x.io. 60 A 10.1.0.10"}, "x.io. AAAA": {"authority io. 60 NS ns.io."}}, "could not look up x.io at SERVER: AAAA: SERVER referred to other servers instead of answering", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			server := serve(t, truncateOverUDP(t, test.table))
			got, _, err := New([]netip.AddrPort{server}, 5*time.Second).Lookup(t.Context(), "x.io")
			if err == nil {
				t.Fatalf("got %v", got)
			}
			if text := strings.ReplaceAll(err.Error(), server.String(), "SERVER"); !strings.HasPrefix(text, test.want) {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
			if errors.Is(err, ErrEmpty) != test.empty {
				t.Errorf("is ErrEmpty: %t, want %t", !test.empty, test.empty)
			}
		})
	}
}

func TestLookupRefusesWhatIsNoName(t *testing.T) {
	for _, name := range []string{"", ".", "a..b", strings.Repeat("a", 64) + ".io"} {
		if _, _, err := New(nil, time.Second).Lookup(t.Context(), name); err == nil || !strings.Contains(err.Error(), "is no DNS name") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func many(n int) []string {
	var lines []string
	for _, a := range addrsOf(n) {
		lines = append(lines, "x.io. 60 A "+a.String())
	}
	return lines
}

func addrsOf(n int) []netip.Addr {
	var list []netip.Addr
	for i := range n {
		list = append(list, netip.AddrFrom4([4]byte{10, 3, byte(i >> 8), byte(i)}))
	}
	return list
}

// chainOf leads from x.io to an address over so many CNAMEs, one in each packet.
func chainOf(n int) map[string][]string {
	table := map[string][]string{}
	at := "x.io."
	for i := range n {
		next := fmt.Sprintf("c%d.io.", i+1)
		table[at+" A"] = []string{at + " 60 CNAME " + next}
		at = next
	}
	table[at+" A"] = []string{at + " 60 A 47.0.0.1"}
	return table
}

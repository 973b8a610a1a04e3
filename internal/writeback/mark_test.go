package writeback

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

const me, other = "0a1b2c3d", "ffffffff"

func addrs(texts ...string) zone.Records {
	var r zone.Records
	for _, t := range texts {
		r.Addrs = append(r.Addrs, netip.MustParseAddr(t))
	}
	return r
}

func cname(name string) zone.Records { return zone.Records{CNAME: name} }

var sameRecords = cmp.Comparer(same)

const public = "a-registry.cn-hangzhou.cr.aliyuncs.com"

// remarkForm is what the cloud takes: https://help.aliyun.com/zh/dns/api-pvtz-2018-01-01-updaterecordremark
var remarkForm = regexp.MustCompile(`^[A-Za-z0-9_.,-]{1,50}$`)

func TestMarksHoldTheOriginal(t *testing.T) {
	for sentence, test := range map[string]struct {
		original zone.Records
		text     string
	}{
		"an address can be read":   {addrs("10.2.0.10"), "rf1-0a1b2c3d-10.2.0.10"},
		"so can two":               {addrs("10.2.0.10", "10.2.0.11"), "rf1-0a1b2c3d-10.2.0.10,10.2.0.11"},
		"the longest two fit":      {addrs("110.122.130.210", "110.122.130.211"), "rf1-0a1b2c3d-110.122.130.210,110.122.130.211"},
		"IPv6 has no colons":       {addrs("fd00::10"), "rf1-0a1b2c3d-v6_fd000000000000000000000000000010"},
		"a short name is readable": {cname("b.example.com"), "rf1-0a1b2c3d-b.example.com"},
		"a long one has a hash":    {cname(public), "rf1-0a1b2c3d-cname_a9e5"},
	} {
		t.Run(sentence, func(t *testing.T) {
			m, err := NewMark(me, test.original)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(m.String(), strings.TrimSuffix(test.text, "a9e5")) || (!strings.Contains(test.text, "cname_") && m.String() != test.text) || !remarkForm.MatchString(m.String()) {
				t.Errorf("%q, not %q", m, test.text)
			}
			got, is := ParseMark(m.String(), []string{"x.example", public})
			if !is || got.Owner != me {
				t.Errorf("%+v, %t", got, is)
			}
			if diff := cmp.Diff(test.original, got.Original, sameRecords); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatDoesNotFitIsNotMarked(t *testing.T) {
	if m, err := NewMark(me, addrs("110.1.0.10", "110.2.0.10", "110.3.0.10", "110.4.0.10")); err == nil {
		t.Error(m)
	}
}

func TestAHashOfNobodyKnownHasNoOriginal(t *testing.T) {
	m, err := NewMark(me, cname(public))
	if err != nil {
		t.Fatal(err)
	}
	if got, is := ParseMark(m.String(), nil); !is || !empty(got.Original) {
		t.Errorf("%+v, %t", got, is)
	}
}

func FuzzMark(f *testing.F) {
	for _, seed := range []string{"", "by hand", "rf1-0a1b2c3d-10.2.0.10", "rf1-0a1b2c3d-10.2.0.10,", "rf1-0a1b2c3d-,", "rf1-0a1b2c3d-v6_00", "rf1-0a1b2c3d-a.b,c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, is := ParseMark(text, nil)
		if !is || empty(m.Original) {
			return
		}
		again, err := NewMark(m.Owner, m.Original)
		if err != nil {
			return // longer than the cloud takes
		}
		if parsed, is := ParseMark(again.String(), hosts([]zone.Records{m.Original})); !is || parsed.Owner != m.Owner || !same(parsed.Original, m.Original) {
			t.Errorf("%q became %q", text, again)
		}
	})
}

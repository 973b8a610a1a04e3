package writeback

import (
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

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
			m, err := NewMark(me, test.original, "")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(m.String(), strings.TrimSuffix(test.text, "a9e5")) || (!strings.Contains(test.text, "cname_") && m.String() != test.text) || !remarkForm.MatchString(m.String()) || len(m.String()) > MaxRemark {
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
	if m, err := NewMark(me, addrs("110.1.0.10", "110.2.0.10", "110.3.0.10", "110.4.0.10"), ""); err == nil {
		t.Error(m)
	}
}

func TestAHashOfNobodyKnownHasNoOriginal(t *testing.T) {
	m, err := NewMark(me, cname(public), "")
	if err != nil {
		t.Fatal(err)
	}
	if got, is := ParseMark(m.String(), nil); !is || !empty(got.Original) {
		t.Errorf("%+v, %t", got, is)
	}
}

func TestARemarkIsKeptWhereThereIsRoom(t *testing.T) {
	for remark, kept := range map[string]bool{
		"": true, "by-hand": true, "by hand": false, "十个汉字也是字符": true, ",_": true, "a,_b": true,
		"12345678901234567890123456": true, "123456789012345678901234567": false, // with rf1-0a1b2c3d-10.2.0.10,_ it has 50 characters, or 51
	} {
		m, err := NewMark(me, addrs("10.2.0.10"), remark)
		if err != nil {
			t.Fatal(err)
		}
		got, is := ParseMark(m.String(), nil)
		if !is || !same(got.Original, m.Original) || kept != (got.Replaced == remark) || utf8.RuneCountInString(m.String()) > MaxRemark {
			t.Errorf("%q is kept in %q: %q", remark, m, got.Replaced)
		}
	}
}

func FuzzMark(f *testing.F) {
	for _, seed := range []string{"", "by hand", "rf1-0a1b2c3d-10.2.0.10", "rf1-0a1b2c3d-10.2.0.10,", "rf1-0a1b2c3d-,", "rf1-0a1b2c3d-v6_00", "rf1-0a1b2c3d-a.b,c", "rf2-0a1b2c3d-10.2.0.10", "rf1-0a1b2c3d-10.2.0.10,_x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, is := ParseMark(text, nil)
		if !is || m.Owner == "" || empty(m.Original) {
			return
		}
		again, err := NewMark(m.Owner, m.Original, m.Replaced)
		if err != nil {
			return // longer than the cloud takes
		}
		if parsed, is := ParseMark(again.String(), hosts([]zone.Records{m.Original})); !is || parsed.Owner != m.Owner || !same(parsed.Original, m.Original) {
			t.Errorf("%q became %q", text, again)
		}
	})
}

package zone_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"net/netip"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

var compareAddrs = cmpopts.EquateComparable(netip.Addr{})

func TestGoldenState(t *testing.T) {
	data, err := os.ReadFile("../../testdata/state/cross-region.registry.io")
	if err != nil {
		t.Fatal(err)
	}
	want := zone.State{
		Version: 1, LastSwitch: "hangzhou",
		Zones: map[string]zone.Records{
			"vpc-aaaaa": {Addrs: addrs("10.1.0.10")},
			"vpc-bbbbb": {CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com"},
		},
		Linked: map[string][]netip.Addr{"zhangjiakou": addrs("10.2.0.10")},
	}
	got, err := zone.ParseState(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, compareAddrs); diff != "" {
		t.Error(diff)
	}
	written, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(data)), string(written)); diff != "" {
		t.Error(diff)
	}
}

func TestParseState(t *testing.T) {
	tests := map[string]struct{ value, want string }{
		"the next version is read":       {`{"version":2}`, ""},
		"an unknown field is ignored":    {`{"version":1,"colour":"blue","zones":{"v":{"weight":3}}}`, ""},
		"nothing":                        {"", "the state is not readable: unexpected end of JSON input"},
		"null":                           {"null", "the state has version 0: this program reads 1 to 2, so upgrade the older of the two"},
		"a version from far ahead":       {`{"version":3}`, "the state has version 3: this program reads 1 to 2, so upgrade the older of the two"},
		"an address that is none":        {`{"version":1,"zones":{"v":{"addresses":["10.1"]}}}`, "the state is not readable: "},
		"a CNAME that would break lines": {`{"version":1,"zones":{"v":{"cname":"a\n10.0.0.1 b"}}}`, "the state of zone \"v\" has the CNAME \"a\\n10.0.0.1 b\": it must be a lowercase DNS name without a final dot"},
		"too many addresses":             {`{"version":1,"zones":{"v":{"addresses":["10.0.0.1"` + strings.Repeat(`,"10.0.0.1"`, zone.MaxAddrs) + `]}}}`, `the state of zone "v" has 257 addresses: at most 256 are taken`},
		"too many of an instance":        {`{"version":1,"linked":{"i":["10.0.0.1"` + strings.Repeat(`,"10.0.0.1"`, zone.MaxAddrs) + `]}}`, `the state of the instance "i" has 257 addresses: at most 256 are taken`},
		"too long":                       {`{"version":1` + strings.Repeat(" ", zone.MaxStateBytes) + "}", "the state is 65549 bytes long: at most 65536 are read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := zone.ParseState([]byte(test.value))
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)):
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// FuzzAnswer holds that whatever the state says, an answer is never empty and
// has no address of a forbidden kind.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"version":1,"zones":{"vpc-bbbbb":{"addresses":["10.2.0.10","127.0.0.1","::1","fe80::1%eth0"]}}}`), "privatezone")
	f.Add([]byte(`{"version":1,"zones":{"vpc-bbbbb":{"cname":"x.example.com","addresses":["0.0.0.0"]}}}`), "privatezone")
	f.Add([]byte(`{"version":1,"zones":{"vpc-aaaaa":{"addresses":[""]}}}`), "hangzhou")
	e := endpoint(true)
	f.Fuzz(func(t *testing.T, state []byte, value string) {
		s, err := zone.ParseState(state)
		if err != nil {
			return
		}
		sw, err := e.ParseSwitch(value)
		if err != nil {
			return
		}
		a, err := e.Answer(sw, s, "node-a")
		if err != nil {
			return
		}
		if len(a.Addrs) == 0 {
			t.Error("the answer is empty")
		}
		for _, addr := range a.Addrs {
			if err := zone.CheckAddr(addr); err != nil {
				t.Errorf("the answer has %s: it %v", addr, err)
			}
		}
	})
}

func TestCheckAddr(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.0.10": "", "203.0.113.10": "", "2001:db8::1": "", "fd00::1": "", "::ffff:10.1.0.10": "", "100.101.0.1": "",
		"127.0.0.1": "is a loopback address", "::1": "is a loopback address", "::ffff:127.0.0.1": "is a loopback address",
		"0.0.0.0": "is the unspecified address", "::": "is the unspecified address",
		"169.254.169.254": "is a link-local address", "fe80::1": "is a link-local address", "fe80::1%eth0": "has an IPv6 zone",
		"224.0.0.1": "is a multicast or broadcast address", "ff02::1": "is a multicast or broadcast address", "255.255.255.255": "is a multicast or broadcast address",
		"100.100.2.136": "is in 100.100.0.0/16, which the cloud keeps for its own services", "::ffff:100.100.2.136": "is in 100.100.0.0/16, which the cloud keeps for its own services",
	} {
		got := ""
		if err := zone.CheckAddr(netip.MustParseAddr(text)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if zone.CheckAddr(netip.Addr{}) == nil {
		t.Error("the zero address is accepted")
	}
}

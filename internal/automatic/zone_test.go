package automatic

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

func addrs(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

// example is the endpoint of the example, in vpc-bbbbb; learning where the zones tell its addresses.
func example(t *testing.T, learning bool) (zone.Endpoint, config.Endpoint) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	if learning {
		whole = strings.NewReplacer("    internalAddresses: [10.1.0.10]\n", "    vpcID: vpc-aaaaa\n", "    internalAddresses: [10.2.0.10]", "    vpcID: vpc-bbbbb",
			"cluster:", "privateZone: {source: API}\ncredentials: {provider: RRSA}\ncluster:").Replace(whole)
	}
	c, err := config.Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	return c.Zones()[0], c.Endpoints[0]
}

func TestWhereARecordLeads(t *testing.T) {
	hosts := map[string]zone.Records{"b-registry.cn-zhangjiakou.cr.aliyuncs.com": {Addrs: addrs("203.0.113.20")}}
	for sentence, test := range map[string]struct {
		learning bool
		state    zone.State
		want     string
	}{
		"to a fixed address":                        {false, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.2.0.10")}}}, "zhangjiakou/internal"},
		"to the other's":                            {false, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.1.0.10", "10.9.9.9")}}}, "hangzhou/internal"},
		"to a public endpoint":                      {false, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {CNAME: "a-registry.cn-hangzhou.cr.aliyuncs.com"}}}, "hangzhou/public"},
		"to an internal endpoint by its name":       {false, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {CNAME: "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com", Addrs: addrs("10.2.0.99")}}}, "zhangjiakou/internal"},
		"to a public endpoint's address":            {false, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("203.0.113.20")}}, Hosts: hosts}, "zhangjiakou/public"},
		"to nobody's address":                       {false, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.9.9.9")}}, Hosts: hosts}, "privatezone"},
		"to nowhere":                                {false, zone.State{}, "privatezone"},
		"to what ACR has in the cluster's VPC":      {true, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.2.0.10")}}, Linked: map[string][]netip.Addr{"zhangjiakou": addrs("10.2.0.10")}}, "zhangjiakou/internal"},
		"to what the zone of another VPC has":       {true, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.1.0.10")}, "vpc-aaaaa": {Addrs: addrs("10.1.0.10")}}, Linked: map[string][]netip.Addr{"zhangjiakou": addrs("10.2.0.10")}}, "hangzhou/internal"},
		"the zone that is asked for proves nothing": {true, zone.State{Zones: map[string]zone.Records{"vpc-bbbbb": {Addrs: addrs("10.2.0.10")}}}, "privatezone"},
	} {
		t.Run(sentence, func(t *testing.T) {
			e, c := example(t, test.learning)
			if got := leadsTo(e, c, test.state).String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhatIsKnownOfPrivateZone(t *testing.T) {
	dns := zone.Records{Addrs: addrs("10.1.0.10")}
	stands := zone.Records{Addrs: addrs("10.2.0.10")}
	readAt := func(age time.Duration) PrivateZone {
		return PrivateZone{ReadAt: func(string) time.Time { return noon.Add(-age) }}
	}
	original := func(records zone.Records, written, known bool) PrivateZone {
		return PrivateZone{Original: func(string) (zone.Records, bool, bool) { return records, written, known }}
	}
	for sentence, test := range map[string]struct {
		zones    PrivateZone
		lookedUp time.Duration // ago; negative is never
		state    string
		want     zone.Records
		at       time.Duration // ago; negative is not known
	}{
		"DNS was asked lately":                  {PrivateZone{}, time.Minute, "", dns, time.Minute},
		"DNS was asked long ago":                {PrivateZone{}, time.Hour, "", dns, -1},
		"DNS has never answered":                {PrivateZone{}, -1, "", zone.Records{}, -1},
		"the API was read lately":               {readAt(time.Minute), -1, `{"version":1,"zones":{"vpc-bbbbb":{"addresses":["10.2.0.10"]}}}`, stands, time.Minute},
		"the API is in the dark":                {readAt(time.Hour), time.Minute, `{"version":1,"zones":{"vpc-bbbbb":{"addresses":["10.2.0.10"]}}}`, stands, -1},
		"the API has no such zone":              {readAt(time.Minute), time.Minute, `{"version":1}`, zone.Records{}, -1},
		"the state can't be read":               {readAt(time.Minute), time.Minute, `{`, zone.Records{}, -1},
		"the record isn't written":              {original(zone.Records{}, false, true), time.Minute, "", dns, time.Minute},
		"whether it is written isn't known":     {original(zone.Records{}, false, false), time.Minute, "", dns, -1},
		"it is written, and was another":        {original(stands, true, true), time.Minute, "", stands, 0},
		"it is written, and DNS is silent":      {original(stands, true, true), -1, "", stands, 0},
		"it is written, over what nobody knows": {original(zone.Records{}, true, true), time.Minute, "", zone.Records{}, -1},
	} {
		t.Run(sentence, func(t *testing.T) {
			e, _ := example(t, false)
			l := &learnt{zones: map[string]looked{shared: {dns, noon.Add(-test.lookedUp)}}}
			if test.lookedUp < 0 {
				l.zones = nil
			}
			got, at := test.zones.read(e, inputs.Object{Values: map[string]string{shared: test.state}}, l, noon)
			if diff := cmp.Diff(test.want, got.Zones["vpc-bbbbb"], cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			if want := noon.Add(-test.at); test.at < 0 && !at.IsZero() || test.at >= 0 && !at.Equal(want) {
				t.Errorf("it is of %s, want %s", at, want)
			}
		})
	}
}

package alibaba

import (
	"net/netip"
	"testing"
)

func TestWhoIsLetIn(t *testing.T) {
	for sentence, test := range map[string]struct {
		restricted bool
		acl        []string
		addr       string
		want       bool
	}{
		"without a list everybody is":           {false, nil, "192.0.2.1", true},
		"a list that is off counts for nothing": {false, []string{"198.51.100.1/32"}, "192.0.2.1", true},
		"an empty list lets in everybody":       {true, nil, "192.0.2.1", true},
		"a prefix":                              {true, []string{"192.0.2.0/24"}, "192.0.2.1", true},
		"a prefix of others":                    {true, []string{"192.0.3.0/24"}, "192.0.2.1", false},
		"a prefix with bits behind it":          {true, []string{"192.0.2.7/24"}, "192.0.2.1", true},
		"an address":                            {true, []string{"127.0.0.1", "192.0.2.1"}, "192.0.2.1", true},
		"an address in a mapped form":           {true, []string{"192.0.2.1"}, "::ffff:192.0.2.1", true},
		"an entry that says nothing":            {true, []string{"null"}, "192.0.2.1", false},
		"an address of version 6":               {true, []string{"2001:db8::/32"}, "2001:db8::1", true},
	} {
		e := Endpoint{Restricted: test.restricted, ACL: test.acl}
		if got := e.Admits(netip.MustParseAddr(test.addr)); got != test.want {
			t.Errorf("%s: got %t", sentence, got)
		}
	}
}

func TestWaysOfAnInstance(t *testing.T) {
	i := Instance{Endpoints: []Endpoint{{Type: "internet"}, {Type: "vpc", Custom: []string{"a.test"}}}}
	if e, there := i.Endpoint("vpc"); !there || e.Type != "vpc" {
		t.Errorf("got %v, %t", e, there)
	}
	if _, there := i.Endpoint("other"); there {
		t.Error("there is another")
	}
	if !i.Carries("a.test") || i.Carries("b.test") {
		t.Error("the custom domain")
	}
}

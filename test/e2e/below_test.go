package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// followProxyPattern asks cluster DNS for names below the endpoint: through
// CoreDNS, our stanza and the resolver, PrivateZone says what they are.
func (s *scenario) followProxyPattern(t *testing.T) {
	t.Helper()
	node.PrivateZone.Set("own."+cluster.Endpoint, netip.MustParseAddr("10.2.0.77"))
	node.PrivateZone.SetPublic("public."+cluster.Endpoint, netip.MustParseAddr("203.0.113.77"))
	for pattern, want := range map[standin.ProxyPattern]map[string]string{
		standin.ProxyZone:   {"own": "NOERROR 10.2.0.77", "public": "NXDOMAIN", "missing": "NXDOMAIN"},
		standin.ProxyRecord: {"own": "NOERROR 10.2.0.77", "public": "NOERROR 203.0.113.77", "missing": "NXDOMAIN"},
	} {
		node.PrivateZone.SetZone(cluster.Endpoint, pattern)
		for _, network := range []string{"udp", "tcp"} {
			got := map[string]string{}
			for label := range want {
				got[label] = askClusterDNS(t.Context(), network, label+"."+cluster.Endpoint)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("names below the endpoint over %s, with the proxy pattern %s (-want +got):\n%s", network, pattern, diff)
			}
		}
	}
}

// askClusterDNS tells what a pod gets for a name: the response code and the addresses.
func askClusterDNS(ctx context.Context, network, name string) string {
	client := &dns.Client{Net: network, Timeout: 5 * time.Second}
	reply, _, err := client.ExchangeContext(ctx, new(dns.Msg).SetQuestion(name+".", dns.TypeA), "10.96.0.10:53")
	if err != nil {
		return err.Error()
	}
	text := dns.RcodeToString[reply.Rcode]
	for _, rr := range reply.Answer {
		if a, is := rr.(*dns.A); is {
			text += fmt.Sprint(" ", a.A)
		}
	}
	return text
}

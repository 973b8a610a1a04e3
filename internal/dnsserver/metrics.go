package dnsserver

import (
	"github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// rcodes are all response codes that Reply can give.
var rcodes = map[int]string{
	dns.RcodeSuccess:        "NOERROR",
	dns.RcodeFormatError:    "FORMERR",
	dns.RcodeServerFailure:  "SERVFAIL",
	dns.RcodeNameError:      "NXDOMAIN",
	dns.RcodeNotImplemented: "NOTIMP",
	dns.RcodeRefused:        "REFUSED",
	dns.RcodeBadVers:        "BADVERS",
}

// noReply is the rcode label of packets that get none.
const noReply = "none"

// queryCounters has every series ready, so that counting costs one addition.
type queryCounters struct {
	byRcode [dns.RcodeBadVers + 1]prometheus.Counter
	dropped prometheus.Counter
}

// of returns the counter for what plain tells.
func (c *queryCounters) of(rcode int) prometheus.Counter {
	if rcode == noCode {
		return c.dropped
	}
	return c.byRcode[rcode]
}

func newQueryCounters(reg prometheus.Registerer) map[Protocol]*queryCounters {
	total := promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "registry_failover_dns_queries_total",
		Help: `DNS packets received, by protocol and response code; "none" got no reply.`,
	}, []string{"proto", "rcode"})
	counters := map[Protocol]*queryCounters{}
	for _, proto := range []Protocol{UDP, TCP} {
		c := &queryCounters{dropped: total.WithLabelValues(string(proto), noReply)}
		for code, name := range rcodes {
			c.byRcode[code] = total.WithLabelValues(string(proto), name)
		}
		counters[proto] = c
	}
	return counters
}

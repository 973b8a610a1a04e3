package main

import (
	"context"
	"time"

	"github.com/miekg/dns"
)

// upstream floods the resolver with what it must ask of DNS servers that misbehave.
func upstream(who string, instead dns.HandlerFunc) fault {
	return func(ctx context.Context, resolver *server) (string, error) {
		resolver.privateZone.Misbehave(instead)
		defer resolver.privateZone.Misbehave(nil)
		what, err := flood("queries for random names below the endpoint", randomLabels)(ctx, resolver)
		return what + ", to servers that " + who, err
	}
}

func garbage(w dns.ResponseWriter, _ *dns.Msg) {
	for range 1000 {
		if _, err := w.Write([]byte("HTTP/1.1 400 Bad Request")); err != nil {
			return
		}
	}
}

func serverFailure(w dns.ResponseWriter, request *dns.Msg) {
	_ = w.WriteMsg(new(dns.Msg).SetRcode(request, dns.RcodeServerFailure)) // the asker has a timeout
}

func slowly(w dns.ResponseWriter, request *dns.Msg) {
	time.Sleep(time.Second)
	_ = w.WriteMsg(new(dns.Msg).SetRcode(request, dns.RcodeNameError))
}

func never(dns.ResponseWriter, *dns.Msg) {}

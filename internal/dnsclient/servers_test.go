package dnsclient

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

var good = map[string][]string{"x.io. A": {"x.io. 60 A 10.1.0.10"}, "x.io. AAAA": {"x.io. 60 AAAA 2001:db8::10"}}

// truncateOverUDP answers as records does, and over UDP as far as it fits.
func truncateOverUDP(t *testing.T, table map[string][]string) dns.HandlerFunc {
	return func(w dns.ResponseWriter, request *dns.Msg) {
		m := reply(t, table, request)
		if overUDP(w) {
			m.Truncate(int(request.IsEdns0().UDPSize()))
		}
		_ = w.WriteMsg(m)
	}
}

// raw sends bytes that are made from the right reply.
func raw(t *testing.T, change func([]byte) []byte) dns.HandlerFunc {
	return func(w dns.ResponseWriter, request *dns.Msg) {
		packet, err := reply(t, good, request).Pack()
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(change(packet))
	}
}

// changed sends the right reply after a change.
func changed(t *testing.T, change func(*dns.Msg)) dns.HandlerFunc {
	return func(w dns.ResponseWriter, request *dns.Msg) {
		m := reply(t, good, request)
		change(m)
		_ = w.WriteMsg(m)
	}
}

func misbehaving(t *testing.T) map[string]struct {
	handle dns.HandlerFunc // nil: nothing listens there
	says   string
} {
	return map[string]struct {
		handle dns.HandlerFunc
		says   string
	}{
		"is missing":                      {nil, "can't be asked over udp"},
		"never answers":                   {func(dns.ResponseWriter, *dns.Msg) {}, "gave no reply over udp within 300ms"},
		"sends garbage":                   {raw(t, func([]byte) []byte { return []byte("HTTP/1.1 400 Bad Request") }), "and nothing else within 300ms"},
		"sends three bytes":               {raw(t, func(b []byte) []byte { return b[:3] }), "a packet that can't be parsed"},
		"sends half a packet":             {raw(t, func(b []byte) []byte { return b[:len(b)/2] }), "a packet that can't be parsed"},
		"sends the question back":         {changed(t, func(m *dns.Msg) { m.Response = false }), "a packet that is no reply"},
		"answers with another ID":         {changed(t, func(m *dns.Msg) { m.Id++ }), "a reply with another ID"},
		"answers for another name":        {changed(t, func(m *dns.Msg) { m.Question[0].Name = "y.io." }), "a reply to another question"},
		"answers for another type":        {changed(t, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeTXT }), "a reply to another question"},
		"answers for another class":       {changed(t, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), "a reply to another question"},
		"answers without a question":      {changed(t, func(m *dns.Msg) { m.Question = nil }), "a reply to another question"},
		"answers SERVFAIL":                {refuse(dns.RcodeServerFailure), "answered SERVFAIL"},
		"answers REFUSED":                 {refuse(dns.RcodeRefused), "answered REFUSED"},
		"answers FORMERR as a header":     {changed(t, func(m *dns.Msg) { *m = dns.Msg{MsgHdr: m.MsgHdr}; m.Rcode = dns.RcodeFormatError }), "answered FORMERR"},
		"truncates over TCP too":          {changed(t, func(m *dns.Msg) { m.Truncated = true }), "sent a truncated reply over TCP"},
		"truncates and is broken on TCP":  {onlyUDP(t, func(w dns.ResponseWriter, _ *dns.Msg) { _, _ = w.Write(make([]byte, 20)) }), "sent over TCP a packet that is no reply"},
		"truncates and closes over TCP":   {onlyUDP(t, func(w dns.ResponseWriter, _ *dns.Msg) { _ = w.Close() }), "can't be asked over tcp"},
		"truncates and is silent on TCP":  {onlyUDP(t, func(dns.ResponseWriter, *dns.Msg) {}), "gave no reply over tcp within 300ms"},
		"fails for one family":            {oneFamily(t), "answered SERVFAIL"},
		"refers to other servers instead": {records(t, map[string][]string{"x.io. A": {"authority io. 60 NS ns.io."}, "x.io. AAAA": {"authority io. 60 NS ns.io."}}), "referred to other servers"},
	}
}

// onlyUDP truncates over UDP and does something else over TCP.
func onlyUDP(t *testing.T, tcp dns.HandlerFunc) dns.HandlerFunc {
	truncated := changed(t, func(m *dns.Msg) { m.Truncated = true })
	return func(w dns.ResponseWriter, request *dns.Msg) {
		if overUDP(w) {
			truncated(w, request)
		} else {
			tcp(w, request)
		}
	}
}

func oneFamily(t *testing.T) dns.HandlerFunc {
	answer, fail := records(t, good), refuse(dns.RcodeServerFailure)
	return func(w dns.ResponseWriter, request *dns.Msg) {
		if request.Question[0].Qtype == dns.TypeA {
			answer(w, request)
		} else {
			fail(w, request)
		}
	}
}

// TestAServerThatMisbehaves shows that the next server is asked, and that without
// a next one the lookup fails with a sentence that says why.
func TestAServerThatMisbehaves(t *testing.T) {
	for sentence, test := range misbehaving(t) {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			bad := closed(t)
			if test.handle != nil {
				bad = serve(t, test.handle)
			}
			got, ttl, err := New([]netip.AddrPort{bad}, 300*time.Millisecond).Lookup(t.Context(), "x.io")
			if err == nil {
				t.Fatalf("got %v, %s from it alone", got, ttl)
			}
			if text := err.Error(); !strings.HasPrefix(text, "could not look up x.io at "+bad.String()+": ") || !strings.Contains(text, test.says) {
				t.Errorf("got  %s\nwant the name, the server and %q", text, test.says)
			}
			if errors.Is(err, ErrEmpty) {
				t.Error("a failure counts as an empty answer")
			}

			second := serve(t, records(t, good))
			got, ttl, err = New([]netip.AddrPort{bad, second}, 300*time.Millisecond).Lookup(t.Context(), "x.io")
			if err != nil {
				t.Fatal(err)
			}
			want := zone.Records{Addrs: addrs("10.1.0.10", "2001:db8::10")}
			if diff := cmp.Diff(want, got, sameAddr); diff != "" || ttl != time.Minute {
				t.Errorf("TTL %s (-want +got):\n%s", ttl, diff)
			}
		})
	}
}

func TestTheSentenceNamesEveryServer(t *testing.T) {
	a, b := serve(t, refuse(dns.RcodeServerFailure)), serve(t, refuse(dns.RcodeRefused))
	onlyA := records(t, good)
	c := serve(t, func(w dns.ResponseWriter, request *dns.Msg) {
		if request.Question[0].Qtype == dns.TypeAAAA {
			onlyA(w, request)
		} else {
			refuse(dns.RcodeNotImplemented)(w, request)
		}
	})
	_, _, err := New([]netip.AddrPort{a, b, c}, 5*time.Second).Lookup(t.Context(), "x.io")
	want := "could not look up x.io at " + a.String() + ", " + b.String() + ", " + c.String() +
		": A: " + a.String() + " answered SERVFAIL, " + b.String() + " answered REFUSED, " + c.String() + " answered NOTIMP"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAForgedReplyBeforeTheTrueOneChangesNothing(t *testing.T) {
	server := serve(t, func(w dns.ResponseWriter, request *dns.Msg) {
		forged := reply(t, map[string][]string{"x.io. A": {"x.io. 60 A 10.6.6.6"}}, request)
		forged.Id++
		_ = w.WriteMsg(forged)
		_, _ = w.Write([]byte("garbage"))
		_ = w.WriteMsg(reply(t, good, request))
	})
	got, _, err := New([]netip.AddrPort{server}, 5*time.Second).Lookup(t.Context(), "x.io")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(addrs("10.1.0.10", "2001:db8::10"), got.Addrs, sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// RFC 6891 section 7: servers from before EDNS answer FORMERR, some NOTIMP.
func TestAServerThatDoesNotKnowEDNSIsAskedWithoutIt(t *testing.T) {
	for sentence, refusal := range map[string]func(*dns.Msg) *dns.Msg{
		"FORMERR":             func(r *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(r, dns.RcodeFormatError) },
		"FORMERR as a header": func(r *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcodeFormatError(r) },
		"NOTIMP":              func(r *dns.Msg) *dns.Msg { return new(dns.Msg).SetRcode(r, dns.RcodeNotImplemented) },
	} {
		t.Run(sentence, func(t *testing.T) {
			table := map[string][]string{"x.io. A": many(256)}
			server := serve(t, func(w dns.ResponseWriter, request *dns.Msg) {
				answer := refusal(request)
				if request.IsEdns0() == nil {
					if answer = reply(t, table, request); overUDP(w) {
						answer.Truncate(dns.MinMsgSize)
					}
				}
				_ = w.WriteMsg(answer)
			})
			client := New([]netip.AddrPort{server}, 5*time.Second)
			got, _, err := client.Lookup(t.Context(), "x.io")
			if err != nil || len(got.Addrs) != 256 {
				t.Errorf("got %v, %v", got, err)
			}
			relayed, err := client.Ask(t.Context(), new(dns.Msg).SetQuestion("x.io.", dns.TypeA).SetEdns0(1232, true))
			if err != nil || len(relayed.Answer) != 256 {
				t.Errorf("to another's question: %v, %v", relayed, err)
			}
		})
	}
}

func TestBothFamiliesAreAskedAtOnce(t *testing.T) {
	var asked atomic.Int32
	both := make(chan struct{})
	answer := records(t, good)
	server := serve(t, func(w dns.ResponseWriter, request *dns.Msg) {
		if asked.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both: // neither is answered before the other is asked
			answer(w, request)
		case <-t.Context().Done():
		}
	})
	if _, _, err := New([]netip.AddrPort{server}, 5*time.Second).Lookup(t.Context(), "x.io"); err != nil {
		t.Error(err)
	}
}

func TestAnEmptyAnswerIsFinal(t *testing.T) {
	var asked atomic.Int32
	first := serve(t, records(t, nil))
	second := serve(t, func(dns.ResponseWriter, *dns.Msg) { asked.Add(1) })
	_, _, err := New([]netip.AddrPort{first, second}, 5*time.Second).Lookup(t.Context(), "x.io")
	if !errors.Is(err, ErrEmpty) || asked.Load() != 0 {
		t.Errorf("got %v, and the second server was asked %d times", err, asked.Load())
	}
	if strings.Contains(err.Error(), second.String()) {
		t.Errorf("the sentence names a server that wasn't asked: %v", err)
	}
}

func TestALookupEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	silent := serve(t, func(dns.ResponseWriter, *dns.Msg) { stop() })
	_, _, err := New([]netip.AddrPort{silent, silent}, time.Hour).Lookup(ctx, "x.io")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWithoutServersALookupSaysSo(t *testing.T) {
	_, _, err := New(nil, time.Second).Lookup(t.Context(), "x.io")
	if err == nil || !strings.Contains(err.Error(), "no DNS server is known") {
		t.Errorf("got %v", err)
	}
}

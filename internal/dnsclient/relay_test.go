package dnsclient

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// TestWhatGoesAlongWithAnothersQuestion shows what servers see of a request that
// somebody else has made.
func TestWhatGoesAlongWithAnothersQuestion(t *testing.T) {
	seen := make(chan *dns.Msg, 1)
	server := serve(t, func(w dns.ResponseWriter, request *dns.Msg) {
		seen <- request
		_ = w.WriteMsg(reply(t, good, request))
	})
	option := &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{10, 0, 0, 0}}
	for sentence, test := range map[string]struct {
		change func(*dns.Msg)
		want   func(*dns.Msg)
	}{
		"a plain question":      {func(*dns.Msg) {}, func(*dns.Msg) {}},
		"no RD":                 {func(m *dns.Msg) { m.RecursionDesired = false }, func(m *dns.Msg) { m.RecursionDesired = false }},
		"AD and CD":             {func(m *dns.Msg) { m.AuthenticatedData, m.CheckingDisabled = true, true }, func(m *dns.Msg) { m.AuthenticatedData, m.CheckingDisabled = true, true }},
		"DO":                    {func(m *dns.Msg) { m.SetEdns0(512, true) }, func(m *dns.Msg) { m.IsEdns0().SetDo() }},
		"no option and no size": {func(m *dns.Msg) { m.SetEdns0(4096, false).IsEdns0().Option = []dns.EDNS0{option} }, func(*dns.Msg) {}},
		"no record": {func(m *dns.Msg) {
			m.Answer = []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeTXT, Class: 1}, Txt: []string{"x"}}}
		}, func(*dns.Msg) {}},
		"the case of its name": {func(m *dns.Msg) { m.Question[0].Name = "X.Io." }, func(m *dns.Msg) { m.Question[0].Name = "X.Io." }},
	} {
		t.Run(sentence, func(t *testing.T) {
			request := new(dns.Msg).SetQuestion("x.io.", dns.TypeA)
			test.change(request)
			before := request.String()
			if _, err := New([]netip.AddrPort{server}, 5*time.Second).Ask(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			got := <-seen
			if got.Id == request.Id {
				t.Error("its ID is the client's")
			}
			want := new(dns.Msg).SetQuestion("x.io.", dns.TypeA).SetEdns0(udpSize, false)
			test.want(want)
			want.Id = got.Id
			if diff := cmp.Diff(want.String(), got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, request.String()); diff != "" {
				t.Errorf("the request is changed:\n%s", diff)
			}
		})
	}
}

// TestAskPassesOverAServerThatMisbehaves shows that nothing but a reply of the
// next server comes back, and without a next one an error.
func TestAskPassesOverAServerThatMisbehaves(t *testing.T) {
	for sentence, test := range misbehaving(t) {
		if sentence == "fails for one family" { // of which a question has one
			continue
		}
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			bad := closed(t)
			if test.handle != nil {
				bad = serve(t, test.handle)
			}
			request := new(dns.Msg).SetQuestion("x.io.", dns.TypeA)
			if got, err := New([]netip.AddrPort{bad}, 300*time.Millisecond).Ask(t.Context(), request); err == nil {
				t.Errorf("got %v from it alone", got)
			}
			second := serve(t, records(t, good))
			got, err := New([]netip.AddrPort{bad, second}, 300*time.Millisecond).Ask(t.Context(), request)
			if err != nil || len(got.Answer) != 1 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// A name that doesn't exist is an answer, as it came.
func TestAskReturnsNXDOMAIN(t *testing.T) {
	server := serve(t, records(t, map[string][]string{"x.io. A": {"NXDOMAIN", soa}}))
	got, err := New([]netip.AddrPort{server}, 5*time.Second).Ask(t.Context(), new(dns.Msg).SetQuestion("x.io.", dns.TypeA))
	if err != nil || got.Rcode != dns.RcodeNameError || len(got.Ns) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

package resolver_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// failures are ways of an upstream to be of no use; each question gets one.
func failures(t *testing.T) map[string]func(dns.ResponseWriter, *dns.Msg) {
	t.Helper()
	// changed is the right answer but for what change does to it.
	changed := func(change func(*dns.Msg)) func(dns.ResponseWriter, *dns.Msg) {
		return func(w dns.ResponseWriter, r *dns.Msg) {
			reply := forgedReply(r)
			change(reply)
			_ = w.WriteMsg(reply)
		}
	}
	rr := func(text string) dns.RR {
		record, err := dns.NewRR(text)
		if err != nil {
			t.Error(err)
		}
		return record
	}
	stranger, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stranger.Close() })
	return map[string]func(dns.ResponseWriter, *dns.Msg){
		"is silent":            func(dns.ResponseWriter, *dns.Msg) {},
		"answers with nothing": func(w dns.ResponseWriter, r *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetReply(r)) },
		"answers SERVFAIL": func(w dns.ResponseWriter, r *dns.Msg) {
			_ = w.WriteMsg(new(dns.Msg).SetRcode(r, dns.RcodeServerFailure))
		},
		"answers NXDOMAIN":     func(w dns.ResponseWriter, r *dns.Msg) { _ = w.WriteMsg(new(dns.Msg).SetRcode(r, dns.RcodeNameError)) },
		"answers with garbage": func(w dns.ResponseWriter, _ *dns.Msg) { _, _ = w.Write([]byte("garbage")) },
		"answers with a flood of garbage": func(w dns.ResponseWriter, _ *dns.Msg) {
			for range 5000 {
				_, _ = w.Write([]byte("garbage"))
			}
		},
		"gives a loopback address": answers("127.0.0.1"),
		"is too slow": func(w dns.ResponseWriter, r *dns.Msg) {
			time.Sleep(2 * lookupTimeout)
			_ = w.WriteMsg(forgedReply(r))
		},
		"truncates, and knows no TCP": changed(func(m *dns.Msg) { m.Truncated = true }),
		"uses another ID":             changed(func(m *dns.Msg) { m.Id++ }),
		"answers another question":    changed(func(m *dns.Msg) { m.Question[0].Name = "evil.example.com." }),
		"answers from another address": func(w dns.ResponseWriter, r *dns.Msg) {
			packet, err := forgedReply(r).Pack()
			if err != nil {
				t.Error(err)
			}
			_, _ = stranger.WriteTo(packet, w.RemoteAddr())
		},
		"tells of other names alone": changed(func(m *dns.Msg) { m.Answer = []dns.RR{rr("evil.example.com. 5 A " + forged)} }),
		"sends more than fits": func(w dns.ResponseWriter, r *dns.Msg) {
			reply := forgedReply(r)
			for i := range 2000 {
				reply.Answer = append(reply.Answer, rr(fmt.Sprintf("%s 5 A 10.6.%d.%d", r.Question[0].Name, i>>8, i&255)))
			}
			reply.Compress = true
			_ = w.WriteMsg(reply)
		},
		"leads in a circle": changed(func(m *dns.Msg) { m.Answer = []dns.RR{rr(m.Question[0].Name + " 5 CNAME " + m.Question[0].Name)} }),
		"leads on and on":   changed(func(m *dns.Msg) { m.Answer = []dns.RR{rr(m.Question[0].Name + " 5 CNAME x." + m.Question[0].Name)} }),
	}
}

// forged must not be served.
const forged = "10.6.6.6"

func forgedReply(r *dns.Msg) *dns.Msg {
	reply := new(dns.Msg).SetReply(r)
	if r.Question[0].Qtype == dns.TypeA {
		rr, _ := dns.NewRR(r.Question[0].Name + " 5 A " + forged)
		reply.Answer = append(reply.Answer, rr)
	}
	return reply
}

// A switch to what must be looked up asks an upstream of no use: the answer before it stays.
func TestUpstreamThatIsOfNoUseIsAskedWithinBounds(t *testing.T) {
	for what, failure := range failures(t) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			var asked atomic.Int32
			u.set(func(w dns.ResponseWriter, r *dns.Msg) {
				asked.Add(1)
				failure(w, r)
			})
			s := newSite(t, u.addr)
			s.write("switch/"+name, "hangzhou")
			began := time.Now()
			defer s.run()()
			s.await("hangzhou is in force", func() bool { return s.answer() == hangzhou && s.hosts() == block })
			s.write("switch/"+name, "hangzhou/public")
			s.await("the failure is reported", func() bool {
				return s.metric("registry_failover_answer_current", name) == 0 && s.metric("registry_failover_lookup_success", publicHost) >= 0
			})
			s.await("it was asked for a while", func() bool { return time.Since(began) > 1500*time.Millisecond })
			if got := s.answer(); got != hangzhou || s.hosts() != block {
				t.Errorf("the answer is %s, the hosts file %q", got, s.hosts())
			}
			// Of each of three names both families are asked at once, each with one socket and at
			// most nine times, and the next lookup is at least half a second after one that failed.
			if lookups := time.Since(began).Seconds()/0.5 + 1; float64(asked.Load()) > 3*2*9*lookups {
				t.Errorf("it was asked %d times in %v", asked.Load(), time.Since(began))
			}
		})
	}
}

// A name that was looked up before keeps its records when it can't be any more.
func TestUpstreamThatFailsKeepsTheAnswer(t *testing.T) {
	for what, failure := range failures(t) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			s := newSite(t, u.addr)
			s.write("switch/"+name, "privatezone")
			defer s.run()()
			s.await("DNS answers what PrivateZone says", func() bool { return s.answer() == fromZone })
			u.set(failure)
			s.await("the failure is reported", func() bool {
				return s.metric("registry_failover_lookup_success", name) == 0 || s.metric("registry_failover_answer_current", name) == 0
			})
			if got := s.answer(); got != fromZone {
				t.Errorf("the answer is %s", got)
			}
			s.write("switch/"+name, "hangzhou")
			s.await("a switch to internal needs no DNS", func() bool { return s.answer() == hangzhou })
		})
	}
}

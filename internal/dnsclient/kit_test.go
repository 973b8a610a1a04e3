package dnsclient

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// serve runs a DNS server on loopback, UDP and TCP on one port, until the test ends.
func serve(t *testing.T, handle dns.HandlerFunc) netip.AddrPort {
	t.Helper()
	for range 16 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err != nil {
			tcp.Close() // another program has that port for UDP
			continue
		}
		for _, server := range []*dns.Server{{Listener: tcp, Handler: handle}, {PacketConn: udp, Handler: handle}} {
			started, ended := make(chan struct{}), make(chan error)
			server.NotifyStartedFunc = func() { close(started) }
			go func() { ended <- server.ActivateAndServe() }()
			<-started
			t.Cleanup(func() {
				_ = server.Shutdown()
				<-ended
			})
		}
		return tcp.Addr().(*net.TCPAddr).AddrPort()
	}
	t.Fatal("no port is free for both UDP and TCP")
	return netip.AddrPort{}
}

// closed is an address where nothing listens.
func closed(t *testing.T) netip.AddrPort {
	t.Helper()
	p, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	return p.LocalAddr().(*net.UDPAddr).AddrPort()
}

// records answers from a table of "name. TYPE" to the lines of the reply: records
// of the answer, after "authority " of that section, or a response code. What
// isn't in the table is NODATA.
func records(t *testing.T, table map[string][]string) dns.HandlerFunc {
	return func(w dns.ResponseWriter, request *dns.Msg) {
		_ = w.WriteMsg(reply(t, table, request))
	}
}

func reply(t *testing.T, table map[string][]string, request *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(request)
	m.RecursionAvailable = true
	q := request.Question[0]
	for _, line := range table[strings.ToLower(q.Name)+" "+dns.TypeToString[q.Qtype]] {
		if code, is := dns.StringToRcode[line]; is {
			m.Rcode = code
			continue
		}
		text, authority := strings.CutPrefix(line, "authority ")
		rr, err := dns.NewRR(text)
		switch {
		case err != nil:
			t.Errorf("%q: %v", line, err)
		case authority:
			m.Ns = append(m.Ns, rr)
		default:
			m.Answer = append(m.Answer, rr)
		}
	}
	return m
}

// refuse answers every question with a response code.
func refuse(code int) dns.HandlerFunc {
	return func(w dns.ResponseWriter, request *dns.Msg) {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(request, code))
	}
}

// overUDP says whether the question came by UDP.
func overUDP(w dns.ResponseWriter) bool { return w.RemoteAddr().Network() == "udp" }

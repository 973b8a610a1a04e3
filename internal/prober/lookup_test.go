package prober

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestADeadDNSServerLeavesTimeForTheNext: whichever server is asked first, it must not use
// up the lookup.
func TestADeadDNSServerLeavesTimeForTheNext(t *testing.T) {
	const limit = 3 * time.Second // Go alone would wait for 5 s
	dead, alive := silent(t, "udp"), answering(t, netip.MustParseAddr("203.0.113.10"))
	asked := 0
	r := resolverBy(func(ctx context.Context, network, _ string) (net.Conn, error) {
		server := alive
		if asked++; asked == 1 {
			server = dead
		}
		return dialServer(ctx, network, server, limit/servers)
	})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	got, err := r.LookupNetIP(ctx, "ip4", "a-registry.example.")
	if err != nil || len(got) != 1 || got[0] != netip.MustParseAddr("203.0.113.10") || asked != 2 {
		t.Errorf("%v, %v, after %d servers", got, err, asked)
	}
}

func TestAConnectionToADNSServerWaitsOnlySoLong(t *testing.T) {
	const limit = 300 * time.Millisecond
	for _, network := range []string{"udp", "tcp"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		conn, err := dialServer(ctx, network, silent(t, network), limit)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, datagrams := conn.(net.PacketConn); datagrams != (network == "udp") { // by which net knows what to send
			t.Errorf("%s: datagrams are sent: %t", network, datagrams)
		}
		deadline, _ := ctx.Deadline()
		if err := conn.SetDeadline(deadline); err != nil { // as net does
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := conn.Read(make([]byte, 1)); err == nil || time.Since(begin) > 10*time.Second {
			t.Errorf("%s: %v after %s", network, err, time.Since(begin))
		}
	}
}

func TestADeadlineIsNeverLater(t *testing.T) {
	near := time.Now().Add(time.Second)
	if got := sooner(near, time.Hour); !got.Equal(near) {
		t.Errorf("%s is put off to %s", near, got)
	}
	if got := sooner(near.Add(time.Hour), time.Minute); got.After(near.Add(time.Minute)) {
		t.Errorf("it is %s", got)
	}
	if got := sooner(time.Time{}, time.Minute); got.IsZero() {
		t.Error("there is none")
	}
}

// answering is a DNS server that has one address for every name.
func answering(t *testing.T, addr netip.Addr) string {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(query)
			if err != nil {
				return
			}
			// RFC 1035 section 4: the header, of which the ID comes back, and the question.
			end := 12 + bytes.IndexByte(query[12:n], 0) + 5
			reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, query[12:end]...)
			reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4) // of the name in the question, A, IN, 5 s
			_, _ = conn.WriteToUDPAddrPort(append(reply, addr.AsSlice()...), from)
		}
	}()
	return conn.LocalAddr().String()
}

// silent is where somebody listens who never answers.
func silent(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn.LocalAddr().String()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

package prober

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestADeadDNSServerLeavesTimeForTheNext: whichever server is asked first, it must not use
// up the lookup.
func TestADeadDNSServerLeavesTimeForTheNext(t *testing.T) {
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

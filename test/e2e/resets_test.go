package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestResetConnections is about pulls that are in flight when the switch is thrown.
func TestResetConnections(t *testing.T) {
	s := newScenario(t, 4)
	s.play(t, "helm install with node.resetConnections", func(s *scenario, t *testing.T) {
		// Without a webhook, whose pods take their time to end, and a prober, whose connections look like a pull's.
		s.runHelm(t, "install", "--set", "config.node.resetConnections=true,admission.mechanism=Policy,dns.replicas=1,prober.enabled=false")
		awaitSwitch(t, "privatezone")
		kubectl(t, "-n", namespace, "rollout", "status", "daemonset/registry-failover-resolver", "--timeout", "2m")
		if *resets > 0 {
			tellResolver(t, "node.resetConnections: true")
		}
	})
	s.play(t, "a pull that hangs in connecting goes to the standby at a switch, and nothing else is reset", (*scenario).moveAPull)
	s.play(t, "the figures", (*scenario).measureResets)
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		throw(t, "privatezone")
		awaitHosts(t, "")
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		s.awaitNothingLeft(t)
	})
}

// moveAPull takes 40 s without resets, 30 of which containerd waits in connecting.
func (s *scenario) moveAPull(t *testing.T) {
	primary := netip.AddrPortFrom(node.Zhangjiakou.Internal, 443)
	const foreign = "198.51.100.7"
	ip(t, "address", "add", foreign+"/32", "dev", "lo")
	defer ip(t, "address", "del", foreign+"/32", "dev", "lo")
	others := []net.Conn{
		openEcho(t, net.JoinHostPort(foreign, "443")),
		openEcho(t, netip.AddrPortFrom(primary.Addr(), 4443).String()),
	}
	restore := dropPackets(t, primary)
	defer restore()
	before := countPulls()
	newPod(t, "in-flight", sharedImage)
	awaitConnecting(t, primary, 1)
	begin := time.Now()
	throw(t, "hangzhou")
	awaitRunning(t, shop, "in-flight")
	took := time.Since(begin)
	t.Logf("Running %.1f s after the switch", took.Seconds())
	if took > 25*time.Second {
		t.Error("that is no sooner than without resets")
	}
	before.pulledFrom(t, "hangzhou")
	for _, other := range others {
		if err := echoes(other); err != nil {
			t.Errorf("the connection to %s is away: %v", other.RemoteAddr(), err)
		}
	}
	metrics, err := get(t.Context(), "http://"+net.JoinHostPort(podsOf(t, "resolver")[0].Status.HostIP, "18081")+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for _, not := range []string{"registry_failover_connections_reset_total 0\n", "registry_failover_connections_resettable 0\n"} {
		if name, _, _ := strings.Cut(not, " "); strings.Contains(metrics, not) || !strings.Contains(metrics, "\n"+name+" ") {
			t.Errorf("%s is 0 or missing", name)
		}
	}
	deletePod(t, shop, "in-flight")
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if output, err := exec.CommandContext(context.WithoutCancel(t.Context()), "ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", args, err, output)
	}
}

// dropPackets loses what any node sends to an address and port, and what comes from there, until restore is called.
func dropPackets(t *testing.T, at netip.AddrPort) (restore func()) {
	t.Helper()
	return dropPacketsOn(t, node.Nodes[0], at) // where all of them pass
}

// dropPacketsOn loses what that node gets from there, and, on the first one, what it and all others send there.
func dropPacketsOn(t *testing.T, n *cluster.Node, at netip.AddrPort) (restore func()) {
	t.Helper()
	rules := func(verb string) {
		for _, which := range [][]string{{"-d", at.Addr().String(), "-p", "tcp", "--dport"}, {"-s", at.Addr().String(), "-p", "tcp", "--sport"}} {
			args := append(append([]string{"-w", verb, "INPUT"}, which...), fmt.Sprint(at.Port()), "-j", "DROP")
			if err := n.Run(context.WithoutCancel(t.Context()), "iptables", args...); err != nil {
				t.Error(err)
			}
		}
	}
	rules("-I")
	return func() { rules("-D") }
}

// awaitConnecting waits until so many connections to an IPv4 address are being opened.
func awaitConnecting(t *testing.T, to netip.AddrPort, count int) {
	t.Helper()
	addr := to.Addr().As4()
	// As proc(5) has it: the address as this machine's number, and the state SYN_SENT.
	remote := fmt.Appendf(nil, " %02X%02X%02X%02X:%04X 02 ", addr[3], addr[2], addr[1], addr[0], to.Port())
	await(t, "connections are being opened to "+to.String(), 30*time.Second, func(context.Context) error {
		table, err := os.ReadFile("/proc/net/tcp")
		if got := bytes.Count(table, remote); err == nil && got < count {
			err = fmt.Errorf("there are %d of %d", got, count)
		}
		return err
	})
}

// openEcho opens a connection to a server there that sends back what it gets.
func openEcho(t *testing.T, at string) net.Conn {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); conn.Close() }()
		}
	}()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func echoes(conn net.Conn) error {
	answer := make([]byte, 1)
	err := conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, written := conn.Write([]byte("?"))
	_, read := io.ReadFull(conn, answer)
	return errors.Join(err, written, read)
}

package network

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shared = "cross-region.registry.io"
	// The two instances, as testdata/config/example.yaml has them.
	addrA, addrB     = "10.1.0.10", "10.2.0.10"
	publicA, publicB = "a-registry.cn-hangzhou.cr.aliyuncs.com", "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
	// Their addresses on the Internet.
	internetA, internetB = "203.0.113.10", "203.0.113.20"
)

// A world is a VPC with the Internet: names and servers that tests make and break.
type world struct {
	t         *testing.T
	authority *standin.Authority
	zone      *standin.PrivateZone
	mutex     sync.Mutex
	servers   map[string]string // by the address that they have in the world, host:port
	dials     map[string]int
	config    *config.Config
	also      map[string]string // a second address of a name, as a line in the hosts file adds one
}

// newWorld has two instances that are well, the shared endpoint leading to the
// primary, and the hosts that pulls need besides.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, servers: map[string]string{}, dials: map[string]int{}}
	var err error
	if w.authority, err = standin.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	if w.zone, err = standin.ServePrivateZone(t.Context(), nil, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.zone.Close() })
	w.configure("")
	w.name(shared, addrB)
	w.name(publicA, internetA)
	w.name(publicB, internetB)
	w.serve(w.acr("cri-aaaaa", "cn-hangzhou", "-vpc"), addrA)
	w.serve(w.acr("cri-bbbbb", "cn-zhangjiakou", "-vpc"), addrB)
	w.serve(w.acr("cri-aaaaa", "cn-hangzhou", ""), internetA)
	w.serve(w.acr("cri-bbbbb", "cn-zhangjiakou", ""), internetB)
	for n, region := range []string{"cn-hangzhou", "cn-zhangjiakou"} {
		id := []string{"cri-aaaaa", "cri-bbbbb"}[n]
		for k, host := range []string{
			"dockerauth." + region + ".aliyuncs.com", "dockerauth-vpc." + region + ".aliyuncs.com",
			id + "-registry.oss-" + region + ".aliyuncs.com", id + "-registry.oss-" + region + "-internal.aliyuncs.com",
		} {
			at := fmt.Sprintf("198.51.100.%d", 10*n+k)
			w.name(host, at)
			w.listen(at)
		}
	}
	return w
}

// configure adds lines to the configuration.
func (w *world) configure(lines string) {
	w.t.Helper()
	c, err := config.Parse([]byte(`apiVersion: registry-failover.io/v1alpha1
kind: Config
endpoints:
- name: cross-region.registry.io
  primary: zhangjiakou
  instances:
  - {name: hangzhou, id: cri-aaaaa, region: cn-hangzhou, publicEndpoint: ` + publicA + `, internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com, network: internal, internalAddresses: [` + addrA + `]}
  - {name: zhangjiakou, id: cri-bbbbb, region: cn-zhangjiakou, publicEndpoint: ` + publicB + `, internalEndpoint: b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com, network: internal, internalAddresses: [` + addrB + `]}
` + lines))
	if err != nil {
		w.t.Fatal(err)
	}
	w.config = c
}

// name makes a record in DNS.
func (w *world) name(name, addr string) { w.zone.Set(name, netip.MustParseAddr(addr)) }

// acr answers as an instance does; suffix is that of the token service's first label.
func (w *world) acr(id, region, suffix string) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("WWW-Authenticate", fmt.Sprintf(
			`Bearer realm="https://dockerauth%s.%s.aliyuncs.com/auth",service="registry.aliyuncs.com:%s:china:%s:2a"`, suffix, region, region, id))
		rw.WriteHeader(http.StatusUnauthorized)
	}
}

// serve lets a registry answer at an address, with a certificate for the names;
// without any it is for the shared endpoint.
func (w *world) serve(answer http.HandlerFunc, addr string, names ...string) {
	w.t.Helper()
	if names == nil {
		names = []string{shared}
	}
	r, err := standin.NewRegistry(w.authority, names...)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Intercept(func(rw http.ResponseWriter, request *http.Request) bool {
		if answer != nil {
			answer(rw, request)
		}
		return answer != nil
	})
	if err := r.Listen(w.t.Context(), "127.0.0.1:0"); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { r.Close() })
	w.servers[addr+":443"] = r.Addr()
}

// listen takes connections at an address, and says nothing.
func (w *world) listen(addr string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { listener.Close() })
	w.servers[addr+":443"] = listener.Addr().String()
}

// refuseName serves TLS at an address, but not for the names that are asked for.
func (w *world) refuseName(addr string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { listener.Close() })
	w.servers[addr+":443"] = listener.Addr().String()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<14))
			_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, 112}) // the alert unrecognized_name
			_, _ = io.Copy(io.Discard, conn)                  // until the client goes
			_ = conn.Close()
		}
	}()
}

// away makes an address refuse connections.
func (w *world) away(addr string) { delete(w.servers, addr+":443") }

func (w *world) options() Options {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, w.zone.Addr())
	}}
	return Options{Config: w.config, Prober: health.Prober{
		Roots: w.authority.Pool,
		Resolve: func(ctx context.Context, name string) ([]netip.Addr, error) {
			addrs, err := resolver.LookupNetIP(ctx, "ip", name)
			if second, known := w.also[name]; known {
				addrs = append(addrs, netip.MustParseAddr(second))
			}
			return addrs, err
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			w.mutex.Lock()
			server, there := w.servers[address]
			w.dials[address]++
			w.mutex.Unlock()
			if !there {
				return nil, fmt.Errorf("no route to host")
			}
			return new(net.Dialer).DialContext(ctx, network, server)
		},
	}}
}

// lines writes findings as `LEVEL subject: text`, for some codes only where any are given.
func lines(results []checks.Result, codes ...checks.Code) string {
	var b strings.Builder
	for _, r := range results {
		for _, f := range r.Findings {
			if len(codes) == 0 || codes[0] == r.Code {
				fmt.Fprintf(&b, "%s %s %s: %s\n", f.Level, r.Code, f.Subject, f.Text)
			}
		}
	}
	return b.String()
}

// compare holds the findings against lines, of which a word … stands for anything.
func compare(t *testing.T, want, got string) {
	t.Helper()
	wanted, lines := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range lines {
		if i < len(wanted) && matches(wanted[i], lines[i]) {
			lines[i] = wanted[i]
		}
	}
	if diff := cmp.Diff(wanted, lines); diff != "" {
		t.Error(diff)
	}
}

// matches says whether a line is the one that is wanted, in which … stands for anything.
func matches(want, line string) bool {
	before, after, open := strings.Cut(want, "…")
	return want == line || open && strings.HasPrefix(line, before) && strings.HasSuffix(line, after)
}

func newAuthority(t *testing.T) *standin.Authority {
	t.Helper()
	a, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// learn lets the configuration say that the standby's internal address is learnt.
func (w *world) learn() {
	w.config.PrivateZone.Source = config.API
	w.config.Endpoints[0].Instances[0].InternalAddresses = nil
}

// failingDNS is a server that doesn't say whether a name exists.
func failingDNS(_ context.Context, name string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "server misbehaving", Name: name, Server: "100.100.2.136:53", IsTemporary: true}
}

func everything(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
}

package pullsecrets

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/standin"
)

// The addresses of the example, and where A's token service is.
const (
	addrA, addrB, addrAuth = "10.1.0.10", "10.2.0.10", "203.0.113.30"
	auth                   = "dockerauth.cn-hangzhou.aliyuncs.com"
)

// A world is instance A with a token realm and the account alice, and B with a
// password of bob's.
type world struct {
	t         *testing.T
	authority *standin.Authority
	prober    health.Prober
	servers   map[string]string // by address in the world
	// sent counts the requests with a credential, by who got them.
	sent map[string]*atomic.Int32
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, servers: map[string]string{}, sent: map[string]*atomic.Int32{}}
	authority, err := standin.NewAuthority()
	must(t, err)
	w.authority = authority
	realm := standin.NewRealm("https://"+auth+"/auth", "registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa", "alice", "Pass-of-alice", "demo/web")
	for addr, is := range map[string]struct {
		host   string
		answer func(http.ResponseWriter, *http.Request) bool
	}{
		addrA: {shared, realm.Guard}, addrB: {shared, standin.Password("bob", "Pass-of-bob")}, addrAuth: {auth, realm.Issue},
	} {
		r, err := standin.NewRegistry(authority, is.host)
		must(t, err)
		count := &atomic.Int32{}
		w.sent[addr] = count
		r.Intercept(func(response http.ResponseWriter, request *http.Request) bool {
			if request.Header.Get("Authorization") != "" {
				count.Add(1)
			}
			return is.answer(response, request)
		})
		must(t, r.Listen(t.Context(), "127.0.0.1:0"))
		t.Cleanup(func() { r.Close() })
		w.servers[addr+":443"] = r.Addr()
	}
	w.prober = health.Prober{
		Roots: authority.Pool,
		Resolve: func(_ context.Context, name string) ([]netip.Addr, error) {
			if name != auth {
				return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
			}
			return []netip.Addr{netip.MustParseAddr(addrAuth)}, nil
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if w.servers[address] == "" {
				return nil, &net.OpError{Op: "dial", Err: io.ErrUnexpectedEOF}
			}
			return new(net.Dialer).DialContext(ctx, network, w.servers[address])
		},
	}
	return w
}

// logIn gives the findings of PULL-LOGIN.
func (w *world) logIn(t *testing.T, c *config.Config, objects ...runtime.Object) checks.Result {
	t.Helper()
	results := checks.Run(t.Context(), All(Options{
		Config: c, Namespace: product, Core: fake.NewClientset(objects...).CoreV1(), Login: true, Prober: w.prober,
	}))
	for _, f := range append(results[0].Findings, results[1].Findings...) {
		if all := fmt.Sprint(f); strings.Contains(all, "Pass-of") {
			t.Errorf("a password is told: %s", all)
		}
	}
	return results[1]
}

func TestWhatTheInstancesSayToEachSecret(t *testing.T) {
	alice := func(name string, registries ...string) *corev1.Secret {
		return passwordSecret(name, "alice", "Pass-of-alice", registries...)
	}
	bob := func(name string, registries ...string) *corev1.Secret {
		return passwordSecret(name, "bob", "Pass-of-bob", registries...)
	}
	old := func(name string, registries ...string) *corev1.Secret {
		return passwordSecret(name, "bob", "Pass-of-yesterday", registries...)
	}
	const (
		renew     = "  put a user and a password into the Secret that may pull there\n"
		refusedA  = "hangzhou (its token service " + auth + " says 401 Unauthorized)"
		refusedB  = "zhangjiakou (it says 401 Unauthorized to a pull of demo/web)"
		takesNone = "failed shop/default: %s takes none of the credentials for the shared endpoint (pull): its images aren't pulled once that leads there\n" + create
	)
	both := []string{"pull-a", "pull-b"}
	for sentence, test := range map[string]struct {
		settings config.PullSecrets
		objects  []runtime.Object
		want     string
	}{
		"each instance takes the one for its own host": {
			config.PullSecrets{}, []runtime.Object{pod("web", both, image), alice("pull-a", publicA), bob("pull-b", internalB)},
			"ok shop/pull-a: accepted by hangzhou\nok shop/pull-b: accepted by zhangjiakou\n",
		},
		"an old password": {
			config.PullSecrets{}, []runtime.Object{pod("web", both, image), alice("pull-a", publicA), old("pull-b", internalB)},
			"failed shop/pull-b: refused by " + refusedB + "\n" + renew + "ok shop/pull-a: accepted by hangzhou\n",
		},
		"a right to other repositories": {
			config.PullSecrets{}, []runtime.Object{pod("web", both, internalB+"/demo/other:1"), alice("pull-a", publicA), bob("pull-b", internalB)},
			"failed shop/pull-a: refused by hangzhou (it says 401 Unauthorized to a pull of demo/other)\n" + renew + "ok shop/pull-b: accepted by zhangjiakou\n",
		},
		"a companion is tried itself": {
			config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}},
			[]runtime.Object{
				pod("web", []string{"pull-b"}, image), bob("pull-b", internalB), old(core.CompanionName("pull-b", shared, "zhangjiakou"), shared),
			},
			"failed shop/pull-b.zhangjiakou." + shared + ": refused by " + refusedB + "\n" + renew,
		},
		"whose credential one for the shared endpoint is": {
			config.PullSecrets{}, []runtime.Object{pod("web", []string{"pull"}, shared+"/demo/web:1"), bob("pull", shared)},
			fmt.Sprintf(takesNone, "hangzhou", "hangzhou", shared) + "ok shop/pull: accepted by zhangjiakou; refused by " + refusedA + "\n",
		},
		"one for each instance": {
			config.PullSecrets{}, []runtime.Object{pod("web", both, shared+"/demo/web:1"), alice("pull-a", shared), bob("pull-b", shared)},
			"ok shop/pull-a: accepted by hangzhou; refused by " + refusedB + "\nok shop/pull-b: accepted by zhangjiakou; refused by " + refusedA + "\n",
		},
		"one that nobody takes": {
			config.PullSecrets{}, []runtime.Object{pod("web", []string{"pull"}, shared+"/demo/web:1"), old("pull", shared)},
			fmt.Sprintf(takesNone, "hangzhou", "hangzhou", shared) + fmt.Sprintf(takesNone, "zhangjiakou", "zhangjiakou", shared) +
				"failed shop/pull: refused by " + refusedA + " and " + refusedB + "\n" + renew,
		},
		"nothing to try": {
			config.PullSecrets{}, []runtime.Object{pod("web", nil, image)},
			"unknown : no credential was found that could be tried\n  see PULL-SECRETS\n",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := newWorld(t).logIn(t, example(t, test.settings), test.objects...)
			if diff := cmp.Diff(test.want, text(got)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnInstanceThatCantBeAsked(t *testing.T) {
	objects := []runtime.Object{
		pod("web", []string{"pull-a", "pull-b"}, image), passwordSecret("pull-a", "alice", "Pass-of-alice", publicA), passwordSecret("pull-b", "bob", "Pass-of-bob", internalB),
	}
	for sentence, test := range map[string]struct {
		change func(*world)
		want   string // about hangzhou
	}{
		"is dead": {
			func(w *world) { delete(w.servers, addrA+":443") },
			"unknown hangzhou: no login was tried: " + addrA + " at port 443 can't be connected to: unexpected EOF",
		},
		"has another's certificate": {
			func(w *world) { w.servers[addrA+":443"] = w.servers[addrAuth+":443"] },
			"unknown hangzhou: no login was tried: its certificate is wrong, so that nothing is sent to it: it doesn't cover the name: it is for " + auth,
		},
		"wants no credential": {
			func(w *world) {
				r, err := standin.NewRegistry(w.authority, shared)
				must(w.t, err)
				must(w.t, r.Listen(w.t.Context(), "127.0.0.1:0"))
				w.t.Cleanup(func() { r.Close() })
				w.servers[addrA+":443"] = r.Addr()
			},
			"ok hangzhou: wants no credential",
		},
		"has a token service that is dead": {
			func(w *world) { delete(w.servers, addrAuth+":443") },
			"unknown shop/pull-a: not known of hangzhou (its token service " + auth + " doesn't answer: " + addrAuth + " at port 443 can't be connected to: unexpected EOF)",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			test.change(w)
			got := text(w.logIn(t, example(t, config.PullSecrets{}), objects...))
			remedy := "\n  " + seeNetwork
			if strings.HasPrefix(test.want, "ok") {
				remedy = ""
			}
			want := test.want + remedy + "\nok shop/pull-b: accepted by zhangjiakou\n"
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if n := w.sent[addrA].Load() + w.sent[addrAuth].Load(); n != 0 {
				t.Errorf("%d requests had a credential", n)
			}
		})
	}
}

func TestTheSameLoginIsTriedOnce(t *testing.T) {
	w := newWorld(t)
	var objects []runtime.Object
	for n := range 20 {
		namespace := fmt.Sprint("team-", n)
		objects = append(objects, pod("web", []string{"pull"}, image, in(namespace)), inNamespace(passwordSecret("pull", "bob", "Pass-of-bob", internalB), namespace))
	}
	got := w.logIn(t, example(t, config.PullSecrets{}), objects...)
	if n := w.sent[addrB].Load(); n != 1 || len(got.Findings) != 20 || got.Level() != checks.OK {
		t.Errorf("%d logins: %s", n, text(got))
	}
}

func TestLoginsAreLimited(t *testing.T) {
	w := newWorld(t)
	var objects []runtime.Object
	for n := range mostLogins + 3 {
		namespace := fmt.Sprint("team-", n)
		objects = append(objects, pod("web", []string{"pull"}, image, in(namespace)), inNamespace(passwordSecret("pull", "bob", fmt.Sprint("Pass-of-", n), internalB), namespace))
	}
	got := text(w.logIn(t, example(t, config.PullSecrets{}), objects...))
	if n := w.sent[addrB].Load(); n != mostLogins || !strings.Contains(got, fmt.Sprintf("there are %d more", mostLogins+1-told)) {
		t.Errorf("%d logins: %s", n, got)
	}
}

func TestWhoCantBeAskedTakesNobodysTurn(t *testing.T) {
	w := newWorld(t)
	delete(w.servers, addrA+":443")
	const teams = mostLogins/2 + 3
	var objects []runtime.Object
	for n := range teams {
		namespace := fmt.Sprint("team-", n)
		objects = append(objects, pod("web", []string{"pull"}, image, in(namespace)), inNamespace(passwordSecret("pull", "bob", fmt.Sprint("Pass-of-", n), publicA, internalB), namespace))
	}
	w.logIn(t, example(t, config.PullSecrets{}), objects...)
	if n := w.sent[addrB].Load(); n != teams {
		t.Errorf("%d logins, want %d", n, teams)
	}
}

package registryread

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/random"
	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
	"github.com/registry-failover/registry-failover/test/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shared  = "cross-region.registry.io"
	auth    = "auth.registry.io"
	id      = "cri-aaaaa"
	service = "registry.aliyuncs.com:cn-hangzhou:china:" + id
	secret  = "Wh0-may-see-this" //nolint:gosec // a test's
)

var (
	registryAddr = netip.MustParseAddr("10.1.0.10")
	authAddr     = netip.MustParseAddr("203.0.113.30")
)

// A world is an instance with the image demo/web:1, and its token service.
type world struct {
	registry, auth *standin.Registry
	options        Options
	digest         string
	connections    atomic.Int32
}

func newWorld(t *testing.T) *world {
	t.Helper()
	authority, err := standin.NewAuthority()
	must(t, err)
	w := &world{}
	serve := func(host string) *standin.Registry {
		r, err := standin.NewRegistry(authority, host)
		must(t, err)
		must(t, r.Listen(t.Context(), "127.0.0.1:0"))
		t.Cleanup(func() { r.Close() })
		return r
	}
	w.registry, w.auth = serve(shared), serve(auth)
	image, err := random.Image(1000, 2)
	must(t, err)
	must(t, w.registry.Push(t.Context(), authority, shared+"/demo/web:1", image))
	digest, err := image.Digest()
	must(t, err)
	w.digest = digest.String()
	w.options = Options{
		ID: id, Targets: []health.Target{{Host: shared, Addrs: []netip.Addr{registryAddr}}},
		Prober: health.Prober{
			Roots:   authority.Pool,
			Resolve: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{authAddr}, nil },
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				to := w.registry
				if strings.HasPrefix(address, authAddr.String()) {
					to = w.auth
				} else {
					w.connections.Add(1)
				}
				return new(net.Dialer).DialContext(ctx, network, to.Addr())
			},
		},
	}
	return w
}

// guarded has the instance want tokens, of an account that may pull the repositories.
func (w *world) guarded(repositories ...string) {
	realm := standin.NewRealm("https://"+auth+"/token", service, "puller", secret, repositories...)
	w.registry.Intercept(realm.Guard)
	w.auth.Intercept(realm.Issue)
}

func (w *world) open(t *testing.T) *Reader {
	t.Helper()
	r, err := Open(t.Context(), w.options)
	must(t, err)
	t.Cleanup(r.Close)
	return r
}

var (
	web    = registrylogin.Image{Repository: "demo/web", Reference: "1"}
	none   pullsecrets.Credential
	puller = pullsecrets.NewCredential(shared, "puller", secret)
	wrong  = pullsecrets.NewCredential(shared, "puller", "wrong")
)

func TestWhatIsSaidOfAnImage(t *testing.T) {
	password := standin.Password("puller", secret)
	says := func(status int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			return true
		}
	}
	for sentence, test := range map[string]struct {
		change     func(*world)
		credential pullsecrets.Credential
		image      registrylogin.Image
		want       string // empty: the digest
		is         error
	}{
		"it is there":                                  {nil, none, web, "", nil},
		"it isn't there":                               {nil, none, registrylogin.Image{Repository: "demo/web", Reference: "2"}, "the registry doesn't have it", ErrMissing},
		"its repository isn't there":                   {nil, none, registrylogin.Image{Repository: "demo/none", Reference: "1"}, "the registry doesn't have it", ErrMissing},
		"the password does":                            {func(w *world) { w.registry.Intercept(password) }, puller, web, "", nil},
		"the password doesn't":                         {func(w *world) { w.registry.Intercept(password) }, wrong, web, "refused: it says 401 Unauthorized", registrylogin.ErrRefused},
		"a password is wanted, and there is none":      {func(w *world) { w.registry.Intercept(password) }, none, web, "refused: it says 401 Unauthorized", registrylogin.ErrRefused},
		"a token is given for the password":            {func(w *world) { w.guarded("demo/web") }, puller, web, "", nil},
		"no token is given":                            {func(w *world) { w.guarded("demo/web") }, wrong, web, "refused: its token service auth.registry.io says 401 Unauthorized", registrylogin.ErrNoLogin},
		"no token is given to strangers":               {func(w *world) { w.guarded("demo/web") }, none, web, "refused: its token service auth.registry.io says 401 Unauthorized", registrylogin.ErrRefused},
		"the token isn't for the repository":           {func(w *world) { w.guarded("demo/other") }, puller, web, "refused: it says 401 Unauthorized", registrylogin.ErrRefused},
		"it is forbidden":                              {func(w *world) { w.registry.Intercept(says(http.StatusForbidden)) }, none, web, "refused: it says 403 Forbidden", registrylogin.ErrRefused},
		"the registry is busy":                         {func(w *world) { w.registry.Intercept(says(http.StatusTooManyRequests)) }, none, web, "it says 429 Too Many Requests", nil},
		"the registry fails":                           {func(w *world) { w.registry.Intercept(says(http.StatusBadGateway)) }, none, web, "it says 502 Bad Gateway", nil},
		"the registry redirects":                       {func(w *world) { w.registry.Intercept(says(http.StatusTemporaryRedirect)) }, none, web, "it says 307 Temporary Redirect", nil},
		"the digest isn't told, and the manifest read": {func(w *world) { w.registry.Intercept(withoutDigest) }, none, web, "", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			if test.change != nil {
				test.change(w)
			}
			got, err := w.open(t).Head(t.Context(), test.credential, test.image)
			if text(err) != test.want || test.is != nil && !errors.Is(err, test.is) || err == nil && got != w.digest {
				t.Errorf("got %q, %v", got, err)
			}
			if isRefused := errors.Is(err, registrylogin.ErrRefused); isRefused != strings.HasPrefix(test.want, "refused") {
				t.Errorf("refused: %v", isRefused)
			}
			if busy, is := errors.AsType[*BusyError](err); is && busy.After.Seconds() != 7 {
				t.Errorf("it is to be asked again after %s", busy.After)
			}
		})
	}
}

// withoutDigest answers a HEAD as a registry does that leaves the digest's header away.
func withoutDigest(w http.ResponseWriter, r *http.Request) bool {
	return r.Method == http.MethodHead // with 200
}

// TestTokensAndConnectionsAreUsedAgain counts what a second question costs.
func TestTokensAndConnectionsAreUsedAgain(t *testing.T) {
	w := newWorld(t)
	w.guarded("demo/web")
	r := w.open(t)
	paced := 0
	r.pace = func(context.Context) error { paced++; return nil }
	for range 3 {
		if _, err := r.Head(t.Context(), puller, web); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.auth.Log(0)); n != 1 {
		t.Errorf("%d tokens were asked for", n)
	}
	if n := w.connections.Load(); n != 2 { // one of them has found the instance
		t.Errorf("%d connections were opened", n)
	}
	if paced != 4 {
		t.Errorf("%d requests kept the pace, of a token and 3 questions", paced)
	}
}

func TestATokenThatHasEndedIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.guarded("demo/web")
	r := w.open(t)
	if _, err := r.Head(t.Context(), puller, web); err != nil {
		t.Fatal(err)
	}
	w.guarded("demo/web") // with other tokens
	if _, err := r.Head(t.Context(), puller, web); err != nil {
		t.Error(err)
	}
}

// TestAPasswordThatIsWrongIsNotSentAgain, because accounts are locked for it.
func TestAPasswordThatIsWrongIsNotSentAgain(t *testing.T) {
	w := newWorld(t)
	w.guarded("demo/web", "demo/other")
	r := w.open(t)
	for _, repository := range []string{"demo/web", "demo/other", "demo/web"} {
		if _, err := r.Head(t.Context(), wrong, registrylogin.Image{Repository: repository, Reference: "1"}); !errors.Is(err, registrylogin.ErrRefused) {
			t.Error(err)
		}
	}
	if n := len(w.auth.Log(0)); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
	if _, err := r.Head(t.Context(), puller, web); err != nil {
		t.Errorf("another one: %v", err)
	}
}

func TestAnotherInstanceIsNotAsked(t *testing.T) {
	w := newWorld(t)
	w.guarded("demo/web")
	w.options.ID = "cri-bbbbb"
	if _, err := Open(t.Context(), w.options); text(err) != "it answers as cri-aaaaa, and not as cri-bbbbb" {
		t.Errorf("got %v", err)
	}
	w.options.Targets = nil
	if _, err := Open(t.Context(), w.options); text(err) != "no address of it is known" {
		t.Errorf("got %v", err)
	}
}

// TestOnlySomeTokensAreKept, because each of thousands of repositories may have one.
func TestOnlySomeTokensAreKept(t *testing.T) {
	w := newWorld(t)
	w.registry.Intercept(standin.Password("puller", secret))
	r := w.open(t)
	for n := range 3 * mostTokens {
		_, _ = r.Head(t.Context(), puller, registrylogin.Image{Repository: fmt.Sprint("demo/", n), Reference: "1"})
	}
	if n := len(r.tokens.kept); n == 0 || n > mostTokens {
		t.Errorf("%d are kept", n)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAConnectionThatBreaksReadsTheSameEachTime, as what is said is published where it is
// news.
func TestAConnectionThatBreaksReadsTheSameEachTime(t *testing.T) {
	w := newWorld(t)
	r := w.open(t)
	w.registry.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := w.(http.Hijacker).Hijack()
		must(t, err)
		must(t, conn.(*tls.Conn).NetConn().(*net.TCPConn).SetLinger(0)) // which resets it
		must(t, conn.(*tls.Conn).NetConn().Close())
		return true
	})
	if _, err := r.Head(t.Context(), none, web); text(err) != "it doesn't answer: connection reset by peer" {
		t.Errorf("got %v", err)
	}
}

package registrylogin

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/registry-failover/registry-failover/test/standin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shared  = "cross-region.registry.io"
	service = "registry.aliyuncs.com:cn-hangzhou:china:cri-aaaaa"
	secret  = "Wh0-may-see-this" //nolint:gosec // a test's
)

var (
	registryAddr = netip.MustParseAddr("10.1.0.10")
	realmAddr    = netip.MustParseAddr("203.0.113.30")
)

type intercept = func(http.ResponseWriter, *http.Request) bool

// A world is an instance with the image demo/web:1, and a host for its token service.
type world struct {
	prober          health.Prober
	registry, realm *standin.Registry
	// sent counts the requests to either that have a header Authorization.
	sent atomic.Int32
}

// newWorld has a token service with a certificate for host.
func newWorld(t *testing.T, host string, guard, issue intercept) *world {
	t.Helper()
	w := &world{}
	authority, err := standin.NewAuthority()
	must(t, err)
	serve := func(host string, answer intercept) *standin.Registry {
		r, err := standin.NewRegistry(authority, host)
		must(t, err)
		must(t, r.Listen(t.Context(), "127.0.0.1:0"))
		t.Cleanup(func() { r.Close() })
		if host == shared {
			image, err := random.Image(10, 1)
			must(t, err)
			must(t, r.Push(t.Context(), authority, shared+"/demo/web:1", image))
		}
		r.Intercept(func(response http.ResponseWriter, request *http.Request) bool {
			if request.Header.Get("Authorization") != "" {
				w.sent.Add(1)
			}
			return answer != nil && answer(response, request)
		})
		return r
	}
	w.registry, w.realm = serve(shared, guard), serve(host, issue)
	w.prober = health.Prober{
		Roots:   authority.Pool,
		Resolve: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{realmAddr}, nil },
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, realmAddr.String()) {
				return new(net.Dialer).DialContext(ctx, network, w.realm.Addr())
			}
			return new(net.Dialer).DialContext(ctx, network, w.registry.Addr())
		},
	}
	return w
}

// try opens the registry and tries a password of the user puller.
func (w *world) try(t *testing.T, password string, image Image) error {
	t.Helper()
	r, err := Open(t.Context(), w.prober, health.Target{Host: shared, Addrs: []netip.Addr{registryAddr}})
	if err != nil {
		return err
	}
	return r.Try(t.Context(), pullsecrets.NewCredential(shared, "puller", password), image)
}

var web = Image{"demo/web", "1"}

func TestWhichCredentialsAreTaken(t *testing.T) {
	const at = "auth.registry.io"
	realm := standin.NewRealm("https://"+at+"/auth?of=cri-aaaaa", service, "puller", secret, "demo/web")
	password := standin.Password("puller", secret)
	for sentence, test := range map[string]struct {
		guard, issue intercept
		password     string
		image        Image
		want         string // empty: taken
	}{
		"a password": {password, nil, secret, web, ""},
		"a password for an image that isn't there": {password, nil, secret, Image{"demo/none", "1"}, ""},
		"not a wrong password":                     {password, nil, "wrong", web, "refused: it says 401 Unauthorized to a pull of demo/web"},
		"a token":                                  {realm.Guard, realm.Issue, secret, web, ""},
		"no token for a wrong password":            {realm.Guard, realm.Issue, "wrong", web, "refused: its token service auth.registry.io says 401 Unauthorized"},
		"not a token without the right":            {realm.Guard, realm.Issue, secret, Image{"demo/other", "1"}, "refused: it says 401 Unauthorized to a pull of demo/other"},
		"none is wanted":                           {nil, nil, "whatever", web, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := newWorld(t, at, test.guard, test.issue).try(t, test.password, test.image)
			if got := text(err); got != test.want || errors.Is(err, ErrRefused) != (test.want != "") {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestWhatIsNotKnownIsNoRefusal has faults of every kind.
func TestWhatIsNotKnownIsNoRefusal(t *testing.T) {
	const at = "auth.registry.io"
	realm := standin.NewRealm("https://"+at+"/auth", service, "puller", secret, "demo/web")
	answer := func(status int, body string) intercept {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	busy := func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "" {
			return realm.Guard(w, r)
		}
		return answer(http.StatusTooManyRequests, "")(w, r)
	}
	away := func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Location", "https://elsewhere.example.com/auth")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return true
	}
	for sentence, test := range map[string]struct {
		guard, issue intercept
		want         string
	}{
		"a token service that fails":       {realm.Guard, answer(http.StatusServiceUnavailable, secret), "its token service auth.registry.io says 503 Service Unavailable"},
		"one that redirects":               {realm.Guard, away, "its token service auth.registry.io says 307 Temporary Redirect"},
		"one that talks of something else": {realm.Guard, answer(http.StatusOK, secret), "its token service auth.registry.io gives no token that can be read"},
		"one with an empty answer":         {realm.Guard, answer(http.StatusOK, "{}"), "its token service auth.registry.io gives no token"},
		"a registry that is busy":          {busy, realm.Issue, "it says 429 Too Many Requests to a pull of demo/web"},
		"a token that no header can carry": {realm.Guard, answer(http.StatusOK, `{"access_token":"a\nb"}`), "its token service auth.registry.io gives a token that no header can carry"},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := newWorld(t, at, test.guard, test.issue).try(t, secret, web)
			if got := text(err); got != test.want || errors.Is(err, ErrRefused) || strings.Contains(got, secret) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestWhoSendsACredentialBackIsNotQuoted has answers that are no HTTP, which net/http's
// errors quote, from somebody who has the credential or a token by then.
func TestWhoSendsACredentialBackIsNotQuoted(t *testing.T) {
	realm := standin.NewRealm("https://auth.registry.io/auth", service, "puller", secret, "demo/web")
	password := standin.Password("puller", secret)
	back := func(guard intercept, before string) intercept {
		return func(w http.ResponseWriter, r *http.Request) bool {
			sent := r.Header.Get("Authorization")
			if sent == "" {
				return guard(w, r)
			}
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return true
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, before+sent+"\r\n\r\n")
			return true
		}
	}
	const noHTTP, header = "", "HTTP/1.1 200 OK\r\n"
	for sentence, test := range map[string]struct {
		guard, issue intercept
		want         string
	}{
		"a registry in place of an answer":    {back(password, noHTTP), nil, "it doesn't answer: it sends no HTTP that can be read"},
		"a registry in a header":              {back(password, header), nil, "it doesn't answer: it sends no HTTP that can be read"},
		"a token service":                     {realm.Guard, back(nil, noHTTP), "its token service auth.registry.io doesn't answer: it sends no HTTP that can be read"},
		"a registry that has the token alone": {back(realm.Guard, noHTTP), realm.Issue, "it doesn't answer: it sends no HTTP that can be read"},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := newWorld(t, "auth.registry.io", test.guard, test.issue).try(t, secret, web)
			if got := text(err); got != test.want || errors.Is(err, ErrRefused) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestNothingIsSentToWhomNobodyKnows(t *testing.T) {
	realm := standin.NewRealm("https://auth.registry.io/auth", service, "puller", secret, "demo/web")
	plain := standin.NewRealm("http://auth.registry.io/auth", service, "puller", secret, "demo/web")
	stranger, err := standin.NewAuthority()
	must(t, err)
	for sentence, test := range map[string]struct {
		guard  intercept
		change func(*world)
	}{
		"an instance with a certificate of a strange authority": {standin.Password("puller", secret), func(w *world) { w.prober.Roots = stranger.Pool }},
		"an instance that sends to a realm without TLS":         {plain.Guard, nil},
		"a token service with a certificate for another name": {realm.Guard, func(w *world) {
			w.realm = w.registry // whose certificate is for the shared endpoint
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, "auth.registry.io", test.guard, realm.Issue)
			if test.change != nil {
				test.change(w)
			}
			err := w.try(t, secret, web)
			if err == nil || errors.Is(err, ErrRefused) || w.sent.Load() > 0 {
				t.Errorf("got %v, and %d requests had a credential", err, w.sent.Load())
			}
		})
	}
}

func TestTheFirstWayThatIsSafeIsTaken(t *testing.T) {
	w := newWorld(t, "auth.registry.io", standin.Password("puller", secret), nil)
	dead := health.Target{Host: shared, Addrs: []netip.Addr{realmAddr}} // another one's certificate
	alive := health.Target{Host: shared, Addrs: []netip.Addr{registryAddr}}
	if _, err := Open(t.Context(), w.prober, dead, alive); err != nil {
		t.Error(err)
	}
	_, err := Open(t.Context(), w.prober, dead)
	if got := text(err); !strings.HasPrefix(got, "its certificate is wrong, so that nothing is sent to it: ") || !errors.Is(err, health.ErrWrongName) {
		t.Errorf("got %q", got)
	}
	if _, err := Open(t.Context(), w.prober); text(err) != "no address is known" {
		t.Errorf("got %v", err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprint(err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

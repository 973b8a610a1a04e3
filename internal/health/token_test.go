package health

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/test/standin"
)

// realmHost is a token service on this machine, whatever its address.
const realmHost = "dockerauth.example.com"

// tokenService answers as it is told, and gives a prober that trusts and reaches it
// at every address, and the answer of a registry that names it.
func tokenService(t *testing.T, answer http.HandlerFunc, hosts ...string) (Prober, *Answer) {
	t.Helper()
	authority, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	r, err := standin.NewRegistry(authority, append(hosts, realmHost)...)
	if err != nil {
		t.Fatal(err)
	}
	r.Intercept(func(w http.ResponseWriter, request *http.Request) bool { answer(w, request); return true })
	if err := r.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	realm := &url.URL{Scheme: "https", Host: realmHost, Path: "/auth"}
	return Prober{Dial: dialTo(r.Addr()), Resolve: resolvesTo(addr), Roots: authority.Pool}, &Answer{Status: 401, Realm: realm, Service: "registry:a"}
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestATokenServiceWorksWhateverItGrants(t *testing.T) {
	for sentence, test := range map[string]struct {
		answer http.HandlerFunc
		want   string // the cause
	}{
		"a token":         {says(200, `{"token":"x"}`), ""},
		"no token":        {says(401, ""), ""},
		"too many":        {says(429, ""), ""},
		"a redirect":      {redirect, ""},
		"an own error":    {says(503, ""), "it says 503 Service Unavailable"},
		"half an answer":  {brokenOff, "malformed MIME header"},
		"no HTTP":         {notHTTP, "malformed HTTP"},
		"an endless text": {says(200, strings.Repeat("x", 1<<20)), ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			prober, a := tokenService(t, test.answer)
			err := prober.TokenService(t.Context(), a)
			failed, ok := errors.AsType[*Error](err)
			if ok != (test.want != "") || ok && !strings.Contains(failed.Cause(), test.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestATokenServiceIsAskedWithoutNamingAnything(t *testing.T) {
	var asked *http.Request
	prober, a := tokenService(t, func(w http.ResponseWriter, r *http.Request) { asked = r })
	a.Realm.RawQuery = "kept=1"
	if err := prober.TokenService(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if got := asked.Host + asked.URL.String(); got != realmHost+"/auth?kept=1&service=registry%3Aa" || asked.Header.Get("Authorization") != "" {
		t.Errorf("asked is %s with %v", got, asked.Header)
	}
	if err := prober.TokenService(t.Context(), &Answer{Status: 200}); err != nil {
		t.Errorf("where no token is wanted: %v", err)
	}
}

func TestATokenServiceWithAWrongCertificateGivesNoToken(t *testing.T) {
	prober, a := tokenService(t, says(200, ""))
	a.Realm.Host = "other.example.com"
	failed, ok := errors.AsType[*Error](prober.TokenService(t.Context(), a))
	if !ok || failed.Part != Handshake || !errors.Is(failed, ErrWrongName) {
		t.Errorf("%v", failed)
	}
	a.Realm.Host = realmHost
	prober.Roots = nil // the node may know an authority that this program doesn't
	if err := prober.TokenService(t.Context(), a); err != nil {
		t.Errorf("%v", err)
	}
}

func TestACauseNamesNoAddress(t *testing.T) {
	prober := Prober{Dial: dialTo(refused(t))}
	r := prober.Probe(t.Context(), target)
	failed, _ := errors.AsType[*Error](r.Err)
	if got := failed.Cause(); got != "connection refused" || failed.Timeout() {
		t.Errorf("%q", got)
	}
	prober.Resolve = func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
	r = prober.Probe(t.Context(), Target{Host: shared, Name: "a.example"})
	failed, _ = errors.AsType[*Error](r.Err)
	if got := failed.Cause(); got != "it has no addresses" {
		t.Errorf("%q", got)
	}
	gone, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	r = Prober{}.Probe(gone, target)
	if failed, _ = errors.AsType[*Error](r.Err); !failed.Timeout() || failed.Cause() != "nothing came in time" {
		t.Errorf("%v", failed)
	}
}

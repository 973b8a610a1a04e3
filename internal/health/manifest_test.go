package health

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

const manifestText = `{"schemaVersion":2}`

var manifestDigest = func() string {
	sum := sha256.Sum256([]byte(manifestText))
	return "sha256:" + hex.EncodeToString(sum[:])
}()

// canaryOf is a registry with the manifest, which gives a token to everybody who
// asks for one, or not.
func canaryOf(manifest http.HandlerFunc, token http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == realmHost && token != nil:
			token(w, r)
		case strings.HasPrefix(r.URL.Path, "/v2/demo/web/manifests/sha256:"):
			manifest(w, r)
		default:
			http.NotFound(w, r)
		}
	}
}

// forBearers answers who has the token, and nobody else.
func forBearers(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer letmein" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(w, r)
	}
}

func TestTheCanaryIsReadAsAPullReadsIt(t *testing.T) {
	there := says(200, manifestText)
	token := says(200, `{"token":"letmein"}`)
	const missing = `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`
	for sentence, test := range map[string]struct {
		registry http.HandlerFunc
		want     error  // one of ours
		cause    string // else the cause of an *Error
	}{
		"everybody may read it":                {canaryOf(there, nil), nil, ""},
		"everybody gets a token":               {canaryOf(forBearers(there), token), nil, ""},
		"the token has its other name":         {canaryOf(forBearers(there), says(200, `{"access_token":"letmein"}`)), nil, ""},
		"it isn't there":                       {canaryOf(says(404, missing), nil), ErrNoManifest, ""},
		"it isn't there for bearers":           {canaryOf(forBearers(says(404, missing)), token), ErrNoManifest, ""},
		"it is cut off":                        {canaryOf(says(200, manifestText[:10]), nil), ErrOtherManifest, ""},
		"it is another":                        {canaryOf(says(200, "{}"), nil), ErrOtherManifest, ""},
		"nobody gets a token":                  {canaryOf(forBearers(there), says(401, "")), ErrNeedsCredentials, ""},
		"the token is empty":                   {canaryOf(forBearers(there), says(200, "{}")), ErrNeedsCredentials, ""},
		"the token is not for it":              {canaryOf(forBearers(there), says(200, `{"token":"other"}`)), ErrNeedsCredentials, ""},
		"strangers are forbidden":              {canaryOf(says(403, ""), nil), ErrNeedsCredentials, ""},
		"the repository is hidden":             {canaryOf(says(404, `{"errors":[{"code":"NAME_UNKNOWN"}]}`), nil), ErrNeedsCredentials, ""},
		"there are too many":                   {canaryOf(says(429, ""), nil), ErrNeedsCredentials, ""},
		"the registry has an error of its own": {canaryOf(says(500, ""), nil), nil, "it says 500 Internal Server Error"},
		"the token service has one":            {canaryOf(forBearers(there), says(502, "")), nil, "its token service says 502 Bad Gateway"},
		"the token is no JSON":                 {canaryOf(forBearers(there), says(200, "<html>")), nil, "its token service gives no JSON"},
	} {
		t.Run(sentence, func(t *testing.T) {
			prober, a := tokenService(t, test.registry, shared)
			err := prober.Manifest(t.Context(), shared, addr, a, "demo/web", manifestDigest)
			if failed, ok := errors.AsType[*Error](err); ok {
				if test.cause == "" || failed.Cause() != test.cause {
					t.Errorf("%v", err)
				}
				return
			}
			if test.cause != "" || !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestATokenIsAskedForPullsAlone(t *testing.T) {
	var scope string
	prober, a := tokenService(t, canaryOf(forBearers(says(200, manifestText)), func(w http.ResponseWriter, r *http.Request) {
		scope = r.URL.Query().Get("scope")
		says(200, `{"token":"letmein"}`)(w, r)
	}), shared)
	if err := prober.Manifest(t.Context(), shared, addr, a, "demo/web", manifestDigest); err != nil || scope != "repository:demo/web:pull" {
		t.Errorf("%v with the scope %q", err, scope)
	}
}

func TestAManifestIsReadWhereARegistryWantsAPassword(t *testing.T) {
	prober, _ := tokenService(t, canaryOf(says(401, ""), nil), shared)
	err := prober.Manifest(t.Context(), shared, addr, &Answer{Status: 401}, "demo/web", manifestDigest)
	if !errors.Is(err, ErrNeedsCredentials) {
		t.Errorf("%v", err)
	}
}

func TestDigestsThatAreKnownAreVerified(t *testing.T) {
	for digest, want := range map[string]error{
		manifestDigest: nil,
		"sha256:00":    ErrOtherManifest,
		"sha512:bd2b1aaf7ef4f09be9f52ce2d8d599674d81aa9d6a4421696dc4d93dd0619d682ce56b4d64a9ef097761ced99e0f67265b5f76085e5b0ee7ca4696b2ad6fe2b2": ErrOtherManifest,
		"blake3:00": nil, // which nothing here can tell
	} {
		if err := verify([]byte(manifestText), digest); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v", digest, err)
		}
	}
}

// TestALongManifestIsNotReadToItsEnd: whoever answers must not fill the memory.
func TestALongManifestIsNotReadToItsEnd(t *testing.T) {
	long := strings.Repeat(" ", maxManifest+1)
	sum := sha256.Sum256([]byte(long))
	err := registry(t, canaryOf(says(200, long), nil)).Manifest(t.Context(), shared, netip.MustParseAddr("10.1.0.10"), &Answer{}, "demo/web", "sha256:"+hex.EncodeToString(sum[:]))
	if !errors.Is(err, ErrOtherManifest) {
		t.Errorf("got %v", err)
	}
}

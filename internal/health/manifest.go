package health

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// What a manifest can be that isn't as it should be. All else that [Prober.Manifest]
// returns is an [*Error].
var (
	// ErrNeedsCredentials says that nobody without credentials can tell whether it is there.
	ErrNeedsCredentials = errors.New("it can't be read without credentials")
	// ErrNoManifest says that the registry doesn't have it.
	ErrNoManifest = errors.New("the registry doesn't have it")
	// ErrOtherManifest says that what came has another digest: it was changed or cut off.
	ErrOtherManifest = errors.New("what comes has another digest")
)

// maxManifest is the size up to which container runtimes read a manifest.
const maxManifest = 4 << 20

// manifestTypes are what container runtimes accept.
const manifestTypes = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, " +
	"application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, */*;q=0.1"

// Manifest reads a manifest by its digest from the instance at addr, as the
// answer that it gave to GET /v2/ demands: with a token that is given to everybody
// where it wants one. What is read must have the digest.
func (p Prober) Manifest(ctx context.Context, host string, addr netip.Addr, a *Answer, repository, digest string) error {
	u := &url.URL{Scheme: "https", Host: host, Path: "/v2/" + repository + "/manifests/" + digest}
	ask := func(token string) (*reply, error) {
		request := newGet(u)
		request.Header.Set("Accept", manifestTypes)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		return p.fetch(ctx, []netip.Addr{addr}, request, maxManifest)
	}
	r, err := ask("")
	if err == nil && r.status == http.StatusUnauthorized {
		var token string
		if token, err = p.anonymousToken(ctx, a, repository); err == nil {
			r, err = ask(token)
		}
	}
	if err != nil {
		return err
	}
	switch {
	case r.status == http.StatusOK:
		return verify(r.body, digest)
	case r.status == http.StatusNotFound && hasCode(r.body, "MANIFEST_UNKNOWN"):
		return ErrNoManifest
	case r.status >= http.StatusInternalServerError:
		return &Error{Request, fmt.Errorf("it says %d %s", r.status, http.StatusText(r.status))}
	}
	return ErrNeedsCredentials // a repository that is hidden from strangers looks as if there were none
}

// verify says whether a text has a digest.
func verify(text []byte, digest string) error {
	algorithm, want, _ := strings.Cut(digest, ":")
	var got string
	switch algorithm {
	case "sha256":
		sum := sha256.Sum256(text)
		got = hex.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512(text)
		got = hex.EncodeToString(sum[:])
	default: // a digest that nobody here can verify
		return nil
	}
	if got != want {
		return ErrOtherManifest
	}
	return nil
}

// hasCode looks into the errors that the distribution specification has.
func hasCode(body []byte, code string) bool {
	var told struct {
		Errors []struct {
			Code string `json:"code"`
		} `json:"errors"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&told) != nil {
		return false
	}
	for _, e := range told.Errors {
		if e.Code == code {
			return true
		}
	}
	return false
}

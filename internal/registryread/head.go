package registryread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

// ErrMissing says that the instance doesn't have the image. An instance may say instead
// that it refuses the credential: then it is registrylogin.ErrRefused.
var ErrMissing = errors.New("the registry doesn't have it")

// A BusyError says that the instance wants to be asked later.
type BusyError struct {
	// After is how much later, 0 where it doesn't say.
	After time.Duration
}

func (e *BusyError) Error() string { return "it says 429 Too Many Requests" }

const (
	// patience is how long one answer is waited for.
	patience = 10 * time.Second
	// maxManifest is the size up to which container runtimes read a manifest.
	maxManifest = 4 << 20
)

// Head asks for the digest that an image has at the instance, with a credential, or
// anonymously with none. An error is [ErrMissing], registrylogin.ErrRefused, or tells why
// that isn't known.
func (r *Reader) Head(ctx context.Context, c pullsecrets.Credential, image registrylogin.Image) (digest string, err error) {
	response, err := r.ask(ctx, http.MethodHead, c, image)
	if err != nil {
		return "", err
	}
	_ = response.Body.Close()
	if digest := response.Header.Get("Docker-Content-Digest"); isDigest(digest) {
		return digest, nil
	}
	// Container runtimes read the manifest then, and so does this.
	response, err = r.ask(ctx, http.MethodGet, c, image)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	manifest, err := io.ReadAll(io.LimitReader(response.Body, maxManifest+1))
	switch {
	case err != nil:
		return "", errors.New("its answer breaks off")
	case len(manifest) > maxManifest:
		return "", fmt.Errorf("it sends a manifest of more than %d MiB, which no container runtime takes", maxManifest>>20)
	}
	return digestOf(manifest), nil
}

// ask sends a request for a manifest, and returns the answer where it is one. A token
// that was kept may have ended: then it asks for another, once.
func (r *Reader) ask(ctx context.Context, method string, c pullsecrets.Credential, image registrylogin.Image) (*http.Response, error) {
	for {
		authorization, kept, err := r.authorize(ctx, c, image.Repository)
		if err != nil {
			return nil, err
		}
		response, err := r.send(ctx, method, "/v2/"+image.Repository+"/manifests/"+image.Reference, authorization, patience)
		if err != nil {
			return nil, err
		}
		if response.StatusCode == http.StatusOK {
			return response, nil
		}
		discard(response)
		switch response.StatusCode {
		case http.StatusNotFound:
			return nil, ErrMissing
		case http.StatusUnauthorized, http.StatusForbidden:
			if r.tokens.drop(loginOf(c), image.Repository); kept {
				continue
			}
			return nil, fmt.Errorf("%w: it says %s", registrylogin.ErrRefused, status(response))
		case http.StatusTooManyRequests:
			return nil, &BusyError{retryAfter(response)}
		}
		return nil, fmt.Errorf("it says %s", status(response))
	}
}

// send sends one request to the instance, whose answer may take so long to its end.
func (r *Reader) send(ctx context.Context, method, path, authorization string, patience time.Duration) (*http.Response, error) {
	if err := r.pace(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	request, err := http.NewRequestWithContext(ctx, method, (&url.URL{Scheme: "https", Host: r.registry.Host(), Path: path}).String(), http.NoBody)
	if err != nil {
		cancel()
		return nil, err
	}
	request.Header.Set("Accept", strings.Join(registrylogin.Accept(), ", ")) // in one line, as containerd has them
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := registrylogin.Send(r.transport, request)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("it doesn't answer: %w", err)
	}
	response.Body = &ending{response.Body, cancel}
	return response, nil
}

// ending is a body with which its request's time ends.
type ending struct {
	io.ReadCloser
	end context.CancelFunc
}

// Close is part of io.Closer.
func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}

// discard reads a short rest, so that the connection can be used again.
func discard(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10)
	_ = response.Body.Close()
}

// retryAfter reads the seconds that the header of this name may have; a date is none.
func retryAfter(response *http.Response) time.Duration {
	const most = 10 * time.Minute
	n, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return min(time.Duration(n)*time.Second, most)
}

func status(r *http.Response) string {
	return strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode)
}

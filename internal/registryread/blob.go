package registryread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

const (
	// blobPatience is how long a blob's storage may take for all of it.
	blobPatience = 30 * time.Second
	// mostRedirects are followed: an instance leads to its storage with one.
	mostRedirects = 3
)

// blob reads so many bytes of a blob at most, from where the instance leads to; whole
// says that it was all of it, and has its digest.
func (r *Reader) blob(ctx context.Context, c pullsecrets.Credential, repository, of string, limit int64) (n int64, whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, blobPatience)
	defer cancel()
	authorization, _, err := r.authorize(ctx, c, repository)
	if err != nil {
		return 0, false, err
	}
	response, err := r.send(ctx, http.MethodGet, "/v2/"+repository+"/blobs/"+of, authorization, blobPatience)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = response.Body.Close() }()
	at := &url.URL{Scheme: "https", Host: r.registry.Host(), Path: "/"}
	for range mostRedirects {
		if response.StatusCode < 300 || response.StatusCode > 399 {
			break
		}
		location := response.Header.Get("Location")
		discard(response)
		if at, err = at.Parse(location); err != nil || at.Scheme != "https" || at.Hostname() == "" {
			return 0, false, errors.New("it leads to storage without an https address")
		}
		next, err := r.fetch(ctx, at)
		if err != nil {
			return 0, false, fmt.Errorf("its storage %s doesn't answer: %w", at.Hostname(), err)
		}
		response = next
	}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return 0, false, fmt.Errorf("the layer: %w", ErrMissing)
	default:
		return 0, false, fmt.Errorf("%s says %s to the layer", at.Hostname(), status(response))
	}
	sum := hashOf(of)
	n, err = io.Copy(sum, io.LimitReader(response.Body, limit))
	switch {
	case ctx.Err() != nil:
		return n, false, fmt.Errorf("only %d bytes of the layer came in time", n)
	case err != nil:
		return n, false, fmt.Errorf("the layer breaks off after %d bytes", n)
	}
	if n == limit {
		if more, _ := response.Body.Read(make([]byte, 1)); more > 0 {
			return n, false, nil
		}
	}
	if !has(sum, of) {
		return n, false, fmt.Errorf("the layer: %w", ErrOtherContent)
	}
	return n, true, nil
}

// fetch asks storage, which wants no credential but those in its address.
func (r *Reader) fetch(ctx context.Context, u *url.URL) (*http.Response, error) {
	if err := r.pace(ctx); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, errors.New("its address can't be used") // the error has it, with what is secret in it
	}
	t := health.Target{Host: u.Hostname(), Name: u.Hostname()}
	if addr, err := netip.ParseAddr(t.Name); err == nil {
		t.Addrs = []netip.Addr{addr}
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil { // it has none
		port = 443
	}
	return registrylogin.Send(r.prober.Transport(t, uint16(port)), request)
}

// stopwatch returns a function that tells the time since it was last called.
func stopwatch() func() time.Duration {
	last := time.Now()
	return func() time.Duration {
		now := time.Now()
		lap := now.Sub(last)
		last = now
		return lap
	}
}

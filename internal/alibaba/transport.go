package alibaba

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// callTimeout bounds one call with everything that belongs to it.
	callTimeout = 15 * time.Second
	// dialTimeout, within it, leaves time for a second address of the service.
	dialTimeout = 5 * time.Second
	// maxAnswer is far above a page of 100 zones, which is the largest answer.
	maxAnswer = 4 << 20
)

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)

// newTransport makes the connections of one client. Roots nil are the system's.
func newTransport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: callTimeout,
		MaxIdleConnsPerHost:   1,
		IdleConnTimeout:       30 * time.Second,
	}
}

// bound carries a caller's context to where the SDK, which knows none, makes
// its request. It reads the whole answer, so that nothing is left to wait for
// afterwards. Where it stands, the SDK doesn't touch the transport's settings.
type bound struct {
	ctx  context.Context
	base http.RoundTripper
}

// RoundTrip refuses redirects: the request's URL carries the session's token.
func (b bound) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.base.RoundTrip(request.WithContext(b.ctx))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return nil, errors.New("the service redirects, which is not followed")
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, errTooLong
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

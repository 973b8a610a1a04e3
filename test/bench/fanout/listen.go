package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// listener tells f.arrivals what a node sees of the switch, until ctx ends.
type listener func(ctx context.Context, node int) error

func (f *fleet) listenWithoutState(ctx context.Context, node int) error {
	return f.listen(ctx, node, false)
}

func (f *fleet) listenWithState(ctx context.Context, node int) error {
	return f.listen(ctx, node, true)
}

// listen is what a resolver does.
func (f *fleet) listen(ctx context.Context, node int, state bool) error {
	return inputs.Kube(ctx, inputs.KubeOptions{
		Config: f.config(node), Namespace: namespace, WatchState: state, Logger: slog.New(slog.DiscardHandler),
	}, func(s inputs.Snapshot) {
		if s.Switch.Known && s.Switch.Problem == "" {
			f.arrivals.saw(node, s.Switch.Values[cluster.Endpoint])
		}
	})
}

// listenBare is the least that a client can do: it opens one watch and looks
// for the value in the bytes that come. It gives up where a resolver would try again.
func (f *fleet) listenBare(ctx context.Context, node int) error {
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(f.Config.CAData)
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf(
		"%s/api/v1/namespaces/%s/configmaps?watch=1&resourceVersion=0&fieldSelector=metadata.name%%3D%s",
		f.Config.Host, namespace, inputs.SwitchName), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+f.nodes[node].token)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	for lines := bufio.NewReader(response.Body); ; {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return err
		}
		if _, rest, found := bytes.Cut(line, []byte(counted)); found {
			number, _, _ := strings.Cut(string(rest), `"`)
			f.arrivals.saw(node, valueOf(number))
		}
	}
}

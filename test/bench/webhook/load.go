package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/bench/program"
	"github.com/registry-failover/registry-failover/test/standin"
)

const (
	clients  = 16
	loadTime = 3 * time.Second
)

// overTLS measures the webhook's throughput beside the reference's, and its memory under that load.
func overTLS(ctx context.Context, webhook, configuration string) (rows figures.Table, err error) {
	dir, err := os.MkdirTemp("", "registry-failover-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	pool, err := writeCertificate(dir)
	if err != nil {
		return nil, err
	}
	ours, addr, err := program.StartListening(ctx, "https", webhook, "--config", configuration, "--cert-dir", dir,
		"--listen", "127.0.0.1:0", "--metrics", "", "--log-format", "json")
	if err != nil {
		return nil, err
	}
	defer ours.Stop()
	itself, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addrs := []string{addr}
	for _, read := range []string{"-read=false", "-read"} {
		constant, addr, err := program.StartListening(ctx, "https", itself, "-config", configuration, "-constant", dir, read)
		if err != nil {
			return nil, err
		}
		defer constant.Stop()
		addrs = append(addrs, addr)
	}
	body, err := review(podJSON)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%d runs over TLS: %v\n", 3*runs, 3*runs*loadTime)
	var perSecond [3][]float64
	for range runs {
		for i, addr := range addrs {
			done, err := throughput(ctx, "https://"+addr+"/mutate", pool, body)
			if err != nil {
				return nil, err
			}
			perSecond[i] = append(perSecond[i], done)
		}
	}
	memory, err := figures.Resident(ours.PID, "VmRSS")
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("reviews per second, TLS, %d clients", clients)
	return figures.Table{
		figures.Compare(what, "%.0f", perSecond[0], perSecond[1], "constant patch, unread"),
		figures.Compare(what, "%.0f", perSecond[0], perSecond[2], "constant patch, read"),
		{What: "memory of the webhook after that load (VmRSS)", Figure: figures.Mebibytes(memory)},
	}, nil
}

// writeCertificate writes a certificate for loopback as the webhook reads it, and returns whom to trust.
func writeCertificate(dir string) (*x509.CertPool, error) {
	authority, err := standin.NewAuthority()
	if err != nil {
		return nil, err
	}
	pair, err := authority.Server("127.0.0.1")
	if err != nil {
		return nil, err
	}
	certificate, key, err := standin.EncodePEM(pair)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "tls.crt"), certificate, 0o600); err != nil {
		return nil, err
	}
	return authority.Pool, os.WriteFile(filepath.Join(dir, "tls.key"), key, 0o600)
}

// throughput has each client, on a connection of its own as another API server
// would have, ask again as soon as it is answered.
func throughput(ctx context.Context, url string, pool *x509.CertPool, body []byte) (perSecond float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var group sync.WaitGroup
	begin := time.Now()
	for range clients {
		group.Go(func() {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			for ctx.Err() == nil {
				if err := post(ctx, client, url, body); err != nil && ctx.Err() == nil {
					failed.Store(&err)
					cancel()
				} else if err == nil {
					done.Add(1)
				}
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(begin).Seconds(), nil
}

func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"patch"`))) {
		err = fmt.Errorf("%s answers %s: %s", url, answer.Status, text)
	}
	return err
}

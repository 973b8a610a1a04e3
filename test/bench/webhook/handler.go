package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/admission"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// handlers measures our handler without network, beside the typed one.
func handlers(ctx context.Context, c *config.Config) (figures.Table, error) {
	ours := admission.NewHandler(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err := ours.Configure(c); err != nil {
		return nil, err
	}
	rewriter, err := c.Rewriter()
	if err != nil {
		return nil, err
	}
	var rows figures.Table
	for _, pod := range []struct {
		what string
		json []byte
	}{
		{"a pod that is rewritten", podJSON},
		{"a pod with nothing to rewrite", bytes.ReplaceAll(podJSON, []byte(sourceHost), []byte("quay.io"))},
	} {
		body, err := review(pod.json)
		if err != nil {
			return nil, err
		}
		var times, allocations [2][]float64
		for range runs {
			for i, h := range []http.Handler{ours.Routes(), typedHandler(rewriter)} {
				r := testing.Benchmark(func(b *testing.B) { ask(ctx, b, h, body) })
				if r.N == 0 {
					return nil, fmt.Errorf("%s can't be measured", pod.what)
				}
				times[i] = append(times[i], float64(r.NsPerOp())/1000)
				allocations[i] = append(allocations[i], float64(r.AllocsPerOp()))
			}
		}
		rows = append(rows,
			figures.Compare("handler, "+pod.what, "%.1f µs", times[0], times[1], "typed"),
			figures.Compare("allocations, "+pod.what, "%.0f", allocations[0], allocations[1], "typed"))
	}
	return rows, nil
}

// ask sends the same body again and again.
func ask(ctx context.Context, b *testing.B, h http.Handler, body []byte) {
	b.ReportAllocs()
	reader := bytes.NewReader(body)
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/mutate", nil)
	request.Header.Set("Content-Type", "application/json")
	request.ContentLength = int64(len(body))
	for b.Loop() {
		reader.Reset(body)
		request.Body = io.NopCloser(reader)
		h.ServeHTTP(nowhere{http.Header{}}, request)
	}
}

// nowhere is where answers go that nobody reads.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

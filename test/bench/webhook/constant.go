package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/admission"
)

// serveConstant is the reference program: our server with a handler that
// answers each request as ours answers the pod, with or without reading it.
func serveConstant(ctx context.Context, certificates, configuration string, read bool) error {
	answer, err := answerTo(ctx, configuration)
	if err != nil {
		return err
	}
	server := &admission.Server{
		Address: "127.0.0.1:0", CertDir: certificates, Log: slog.New(slog.DiscardHandler),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if read {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer)
		}),
	}
	if err := server.Listen(); err != nil {
		return err
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("listening", "proto", "https", "addr", server.Addr())
	return server.Serve(ctx)
}

// answerTo is what our handler answers when the pod is created.
func answerTo(ctx context.Context, configuration string) ([]byte, error) {
	c, err := load(configuration)
	if err != nil {
		return nil, err
	}
	h := admission.NewHandler(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err := h.Configure(c); err != nil {
		return nil, err
	}
	body, err := review(podJSON)
	if err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	h.Routes().ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, "/mutate", bytes.NewReader(body)))
	if !bytes.Contains(recorder.Body.Bytes(), []byte(`"patch"`)) {
		return nil, errors.New("the pod isn't rewritten with this configuration: " + recorder.Body.String())
	}
	return recorder.Body.Bytes(), nil
}

package secretsapi

import (
	"context"
	"io"
	"net/http"

	"k8s.io/client-go/rest"
)

// Config reaches the server without a socket.
func (s *Server) Config() *rest.Config {
	return &rest.Config{
		Host: "http://api.test", Transport: direct{s}, QPS: -1,
		ContentConfig: rest.ContentConfig{ContentType: "application/json", AcceptContentTypes: "application/json"},
	}
}

// direct lets a handler answer in the same program.
type direct struct{ handler http.Handler }

// RoundTrip answers as soon as the handler has said a status; a body that goes on is a pipe.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	reader, writer := io.Pipe()
	w := &response{header: http.Header{"Content-Type": {"application/json"}}, body: writer, said: make(chan int, 1)}
	stop := context.AfterFunc(ctx, func() { _ = writer.CloseWithError(ctx.Err()) })
	go func() {
		d.handler.ServeHTTP(w, r.WithContext(ctx))
		_ = writer.Close()
		stop()
	}()
	select {
	case code := <-w.said:
		return &http.Response{
			Status: http.StatusText(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: w.header, Body: body{reader, cancel}, ContentLength: -1, Request: r,
		}, nil
	case <-ctx.Done():
		cancel()
		return nil, ctx.Err()
	}
}

type response struct {
	header http.Header
	body   io.Writer
	said   chan int
}

func (w *response) Header() http.Header            { return w.header }
func (w *response) Write(text []byte) (int, error) { return w.body.Write(text) }
func (w *response) WriteHeader(code int)           { w.said <- code }

// body ends the request when it is closed.
type body struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b body) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/test/standin"
)

// An apiServer has the switch, for who lists and watches it by its name, over
// HTTP/2 and TLS as the real one.
type apiServer struct {
	authority *standin.Authority
	url       string

	mu      sync.Mutex
	version int
	value   string
	news    chan struct{} // closed, and made anew, when the value changes
	open    map[net.Conn]bool
	watches int
}

func serveAPI(ctx context.Context) (*apiServer, error) {
	authority, err := standin.NewAuthority()
	if err != nil {
		return nil, err
	}
	certificate, err := authority.Server("127.0.0.1")
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &apiServer{
		authority: authority, url: "https://" + listener.Addr().String(),
		news: make(chan struct{}), open: map[net.Conn]bool{},
	}
	server := &http.Server{
		Handler: a, ReadHeaderTimeout: 10 * time.Second, ConnState: a.note,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ErrorLog:  log.New(io.Discard, "", 0), // of handshakes that are cut off
	}
	go func() { _ = server.ServeTLS(listener, "", "") }() // ends with an error when it is closed
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return a, nil
}

// note keeps the connections that are open.
func (a *apiServer) note(conn net.Conn, state http.ConnState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch state {
	case http.StateNew:
		a.open[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(a.open, conn)
	}
}

// set changes the switch.
func (a *apiServer) set(value string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	a.value = value
	close(a.news)
	a.news = make(chan struct{})
}

// drop breaks every connection.
func (a *apiServer) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for conn := range a.open {
		_ = conn.Close()
	}
}

// begun is how many watches have so far.
func (a *apiServer) begun() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.watches
}

// now is the switch, and what is closed when there is another one.
func (a *apiServer) now() (object map[string]any, version string, news <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	version = strconv.Itoa(a.version)
	return map[string]any{
		"kind": "ConfigMap", "apiVersion": "v1", "data": map[string]string{endpoint: a.value},
		"metadata": map[string]any{"name": inputs.SwitchName, "resourceVersion": version},
	}, version, a.news
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	object, version, _ := a.now()
	query := r.URL.Query()
	switch {
	case query.Get("fieldSelector") != "metadata.name="+inputs.SwitchName: // the state
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound})
	case query.Get("watch") == "":
		_ = json.NewEncoder(w).Encode(map[string]any{
			"kind": "ConfigMapList", "apiVersion": "v1", "metadata": map[string]any{"resourceVersion": version}, "items": []any{object},
		})
	default:
		a.watch(w, r, query.Get("resourceVersion"))
	}
}

// watch tells of each version after since, until the connection ends.
func (a *apiServer) watch(w http.ResponseWriter, r *http.Request, since string) {
	a.mu.Lock()
	a.watches++
	a.mu.Unlock()
	for {
		object, version, news := a.now()
		if version != since {
			_ = json.NewEncoder(w).Encode(map[string]any{"type": "MODIFIED", "object": object})
			since = version
		}
		w.(http.Flusher).Flush()
		select {
		case <-news:
		case <-r.Context().Done():
			return
		}
	}
}

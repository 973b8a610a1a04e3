package health

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// refused is an address where nobody listens any more.
func refused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func resolvesTo(addrs ...netip.Addr) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) { return addrs, nil }
}

func fails(why string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New(why) }
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "https://elsewhere.example/v2/", http.StatusTemporaryRedirect)
}

func overloaded(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }

func giantHeaders(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", strings.Repeat("x", 1<<20))
	w.WriteHeader(http.StatusUnauthorized)
}

// half sends the beginning of an answer's headers.
func half(w http.ResponseWriter) { hijack(w, "HTTP/1.1 401 Unauthorized\r\nWWW-Auth") }

func brokenOff(w http.ResponseWriter, _ *http.Request) {
	if conn := hijack(w, "HTTP/1.1 401 Unauthorized\r\nWWW-Auth"); conn != nil {
		conn.Close()
	}
}

func notHTTP(w http.ResponseWriter, _ *http.Request) {
	if conn := hijack(w, "SSH-2.0-OpenSSH_9.9\r\n\r\n"); conn != nil {
		conn.Close()
	}
}

// hijack takes the connection away from the HTTP server and writes to it.
func hijack(w http.ResponseWriter, text string) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return nil
	}
	_, _ = io.WriteString(conn, text)
	return conn
}

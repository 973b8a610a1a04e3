package nodelease

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// report is what the golden file holds.
func report(t *testing.T) (nodereport.Report, any) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/lease/node-a.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden lease
	var all any
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	r, err := nodereport.Parse(golden.Metadata.Annotations)
	if err != nil {
		t.Fatal(err)
	}
	return r, all
}

// writer writes to a server that answers with the handler.
func writer(t *testing.T, handler http.HandlerFunc) *Writer {
	t.Helper()
	server := httptest.NewServer(handler)
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(server.Close)
	w, err := New(&rest.Config{Host: server.URL, Transport: transport}, "registry-failover", "node-a")
	if err != nil {
		t.Fatal(err)
	}
	w.now = func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("CST", 8*60*60)) }
	return w
}

func TestWriteAppliesTheLeaseInOneRequest(t *testing.T) {
	r, want := report(t)
	var requests atomic.Int32
	w := writer(t, func(w http.ResponseWriter, request *http.Request) {
		requests.Add(1)
		if got := request.Method + " " + request.URL.RequestURI(); got != "PATCH /apis/coordination.k8s.io/v1/namespaces/registry-failover/leases/node-a?fieldManager=registry-failover-resolver&force=true&timeout=10s" {
			t.Errorf("the request is %s", got)
		}
		if got := request.Header.Get("Content-Type"); got != "application/apply-patch+yaml" {
			t.Errorf("Content-Type: %s", got)
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		var got any
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(body)
	})
	if err := w.Write(t.Context(), r); err != nil {
		t.Error(err)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestWriteNamesTheCauseAndTheRemedy(t *testing.T) {
	status := func(code int, reason, message string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(map[string]any{
				"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message,
			})
		}
	}
	tests := map[string]struct {
		handler http.HandlerFunc
		want    []string
	}{
		"a missing rule": {
			status(403, "Forbidden", `leases "node-a" is forbidden: User "x" cannot patch`),
			[]string{"node report registry-failover/node-a can't be written: leases \"node-a\" is forbidden", "must allow create and patch on leases"},
		},
		"an overloaded API server":  {status(429, "TooManyRequests", "slow down"), []string{"can't be written: slow down"}},
		"a connection that is cut":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, []string{"can't be written: EOF"}},
		"an answer that is no JSON": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, []string{"can't be written: "}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			var requests atomic.Int32
			w := writer(t, func(w http.ResponseWriter, r *http.Request) { requests.Add(1); test.handler(w, r) })
			r, _ := report(t)
			first, second := w.Write(t.Context(), r), w.Write(t.Context(), r)
			if first == nil || second == nil || first.Error() != second.Error() {
				t.Fatalf("first %v, then %v", first, second)
			}
			for _, words := range test.want {
				if !strings.Contains(first.Error(), words) {
					t.Errorf("%v: want %q", first, words)
				}
			}
			if n := requests.Load(); n != 2 {
				t.Errorf("two writes were %d requests", n)
			}
		})
	}
}

func TestUnreachableAPIServerIsTheSameErrorEachTime(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	w, err := New(&rest.Config{Host: server.URL}, "registry-failover", "node-a")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), nodereport.Report{}); err == nil || err.Error() != "node report registry-failover/node-a can't be written: connect: connection refused" {
		t.Errorf("it is %v", err)
	}
}

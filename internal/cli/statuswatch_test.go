package cli_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/registry-failover/registry-failover/internal/cli"
)

// until ends a context when a text was written.
type until struct {
	bytes.Buffer
	text string
	end  context.CancelFunc
}

func (u *until) Write(p []byte) (int, error) {
	n, err := u.Buffer.Write(p)
	if strings.Contains(u.String(), u.text) {
		u.end()
	}
	return n, err
}

// turning is an API server whose switch can't be read for some looks after the first, and
// is another then.
func turning(t *testing.T, away int64, inspect func(path string, look int64)) *httptest.Server {
	t.Helper()
	first, later := statusAPI(t), statusAPI(t)
	later[switchPath] = thrownBy("kubectl-edit", "privatezone")
	var looks atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := looks.Load()
		if r.URL.Path == switchPath {
			n = looks.Add(1)
		}
		inspect(r.URL.Path, n)
		switch {
		case n <= 1:
			first.ServeHTTP(w, r)
		case n <= 1+away && r.URL.Path == switchPath:
			http.Error(w, "etcd is away", http.StatusInternalServerError)
		default:
			later.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestStatusWatchesUntilItIsInterrupted(t *testing.T) {
	server := turning(t, 1, func(path string, look int64) {
		if path == podsPath && look > 1 {
			t.Error("pods are listed again")
		}
	})
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, stderr := &until{text: ": privatezone", end: cancel}, &bytes.Buffer{}
	if code := cli.Run(ctx, []string{"status", "-w", "--server", server.URL}, nil, out, stderr); code != 0 || stderr.Len() > 0 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	shown := strings.Split(out.String(), "\n\n")
	if len(shown) != 3 {
		t.Fatalf("%d texts were shown:\n%s", len(shown), out)
	}
	for n, want := range []string{
		shared + ": hangzhou for 4 min, by oncall: zhangjiakou pulls time out\n",
		" s ago: since then the switch can't be read: ",
		shared + ": privatezone for 4 min, by kubectl-edit\n",
	} {
		if !strings.Contains(shown[n], want) {
			t.Errorf("text %d has no %q:\n%s", n, want, shown[n])
		}
	}
}

// TestWhoWatchesObjectsIsToldThatNothingIsReadOnStderr, once for each time that it begins.
func TestWhoWatchesObjectsIsToldThatNothingIsReadOnStderr(t *testing.T) {
	server := turning(t, 2, func(string, int64) {})
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, stderr := &until{text: `"switch": "privatezone"`, end: cancel}, &bytes.Buffer{}
	if code := cli.Run(ctx, []string{"status", "-w", "-o", "json", "--server", server.URL}, nil, out, stderr); code != 0 || strings.Count(out.String(), `"endpoints"`) != 2 {
		t.Errorf("exit code %d: %s", code, out)
	}
	if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "the switch can't be read: ") {
		t.Errorf("stderr: %q", got)
	}
}

func TestStatusDoesNotWatchWhatCanNotBeRead(t *testing.T) {
	for sentence, path := range map[string]string{"the configuration": configPath, "the switch": switchPath} {
		a := statusAPI(t)
		delete(a, path)
		if code, stdout, stderr := statusOf(t, a, "--watch"); code != 2 || stdout != "" || !strings.Contains(stderr, "you lack the right to get configmaps/") {
			t.Errorf("%s: exit code %d\nstdout %s\nstderr %s", sentence, code, stdout, stderr)
		}
	}
}

package inputs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"
)

// attempts plays an API server that answers as it is told for ten minutes, and
// returns when a request for the switch came.
func attempts(t *testing.T, answer func(*http.Request) (*http.Response, error)) []time.Time {
	t.Helper()
	return attemptsDuring(t, 10*time.Minute, answer)
}

func attemptsDuring(t *testing.T, during time.Duration, answer func(*http.Request) (*http.Response, error)) []time.Time {
	t.Helper()
	var mu sync.Mutex
	var at []time.Time
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	config := &rest.Config{Host: "https://192.0.2.1", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Query().Get("fieldSelector"), "="+SwitchName) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Now())
		}
		return answer(r)
	})}
	if err := Kube(ctx, KubeOptions{
		Config: config, Namespace: testNamespace, WatchState: true, Logger: slog.New(slog.DiscardHandler),
	}, func(Snapshot) {}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute) // a watch that is being read ends by itself
	return at
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(r *http.Request, code int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: code, Request: r, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(body)}
}

// TestNodesDoNotStampede: what one node does not ask too often, 5,000 don't.
func TestNodesDoNotStampede(t *testing.T) {
	for sentence, answer := range map[string]func(*http.Request) (*http.Response, error){
		"while nobody listens": func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		"while everything is refused": func(r *http.Request) (*http.Response, error) {
			return response(r, http.StatusServiceUnavailable, strings.NewReader(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":503}`)), nil
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := attempts(t, answer)
				if len(at) < 2 || at[1].Sub(at[0]) > time.Second {
					t.Error("the second attempt comes late: an API server that is restarted would have to wait for its nodes")
				}
				last := at[len(at)-1]
				steady := slices.DeleteFunc(at, func(x time.Time) bool { return last.Sub(x) > 5*time.Minute })
				if n := len(steady); n < 300/8 || n > 300/4+1 {
					t.Errorf("%d attempts in 5 minutes: one each 4 to 8 s is what 5,000 nodes may do", n)
				}
				for i := range at[1:] {
					if wait := at[i+1].Sub(at[i]); wait > 8*time.Second {
						t.Errorf("for %v there was no attempt: an API server that is back has all nodes within 8 s", wait)
					}
				}
			})
		})
	}
}

func TestAWatchThatIsDroppedIsSoonBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := attempts(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("watch") == "" {
				return response(r, http.StatusOK, strings.NewReader(
					`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"x","resourceVersion":"7"}}]}`)), nil
			}
			return response(r, http.StatusOK, endsIn(time.Second)), nil
		})
		var longest time.Duration
		for i := range at[1:] {
			longest = max(longest, at[i+1].Sub(at[i]))
		}
		if longest > 3*time.Second { // of which the watch lasted one
			t.Errorf("for %v there was neither a watch nor an attempt", longest-time.Second)
		}
		if len(at) > 2*600 {
			t.Errorf("%d requests in 10 minutes", len(at))
		}
	})
}

// TestAnOutageThatIsOverIsForgotten: the next one begins with soon attempts again.
func TestAnOutageThatIsOverIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		const again, lasts = 3 * time.Minute, 2 * time.Minute
		var mu sync.Mutex   // both sources ask
		var ended time.Time // when the watch did that worked between the outages
		at := attempts(t, func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case time.Since(begin) < again, !ended.IsZero() && !time.Now().Before(ended):
				return nil, errors.New("connection refused")
			case r.URL.Query().Get("watch") == "":
				return response(r, http.StatusOK, strings.NewReader(
					`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"x","resourceVersion":"7"}}]}`)), nil
			}
			if strings.HasSuffix(r.URL.Query().Get("fieldSelector"), "="+SwitchName) {
				ended = time.Now().Add(lasts)
			}
			return response(r, http.StatusOK, endsIn(lasts)), nil
		})
		second := slices.IndexFunc(at, func(x time.Time) bool { return !ended.IsZero() && !x.Before(ended) })
		if second < 0 {
			t.Fatal("there was no second outage")
		}
		if wait := at[second+2].Sub(at[second]); wait > 3*time.Second {
			t.Errorf("in a new outage the first three attempts take %v", wait)
		}
	})
}

// endsIn is the body of a watch that ends without an event.
type endsIn time.Duration

func (e endsIn) Read([]byte) (int, error) {
	time.Sleep(time.Duration(e))
	return 0, io.EOF
}

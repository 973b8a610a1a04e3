package inputs

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestAWatchThatHangsIsLeft is about a proxy that answers every ping and has no
// API server behind it any more.
func TestAWatchThatHangsIsLeft(t *testing.T) {
	for sentence, test := range map[string]struct {
		hang    func(*http.Request) (*http.Response, error)
		longest func(asked time.Duration) time.Duration
	}{
		"before it begins": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, func(time.Duration) time.Duration { return requestTimeout }},
		"when it should have ended": {func(r *http.Request) (*http.Response, error) {
			return response(r, http.StatusOK, silent{r.Context()}), nil
		}, func(asked time.Duration) time.Duration { return asked + watchGrace }},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var began []time.Time
				var asked []time.Duration
				attemptsDuring(t, 20*time.Minute, func(r *http.Request) (*http.Response, error) {
					query := r.URL.Query()
					switch {
					case !strings.HasSuffix(query.Get("fieldSelector"), "="+SwitchName):
						return nil, errors.New("connection refused")
					case query.Get("watch") == "":
						return response(r, http.StatusOK, strings.NewReader(
							`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"x","resourceVersion":"7"}}]}`)), nil
					}
					seconds, err := strconv.Atoi(query.Get("timeoutSeconds"))
					if err != nil {
						t.Error(err)
					}
					began, asked = append(began, time.Now()), append(asked, time.Duration(seconds)*time.Second)
					return test.hang(r)
				})
				if len(began) < 2 {
					t.Fatal("it was never left")
				}
				const pause = 2 * time.Second
				if lasted, longest := began[1].Sub(began[0]), test.longest(asked[0]); lasted > longest+pause {
					t.Errorf("it was left after %v, want %v", lasted, longest)
				}
			})
		})
	}
}

// silent is the body of a watch that says nothing and doesn't end.
type silent struct{ context.Context }

func (s silent) Read([]byte) (int, error) {
	<-s.Done()
	return 0, s.Err()
}

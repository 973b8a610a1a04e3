package registryread

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

// TestWhatWasRefusedIsKnownToTheNextReader, where they share that: each is for some minutes.
func TestWhatWasRefusedIsKnownToTheNextReader(t *testing.T) {
	w := newWorld(t)
	w.guarded("demo/web")
	w.options.Refused = &Refusals{}
	for range 2 {
		if _, err := w.open(t).Head(t.Context(), wrong, web); !errors.Is(err, registrylogin.ErrRefused) {
			t.Error(err)
		}
	}
	if n := len(w.auth.Log(0)); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

// TestACredentialOfWhichNothingIsKnownIsSentOnce by many who ask at the same time, and side
// by side when it is known to be good.
func TestACredentialOfWhichNothingIsKnownIsSentOnce(t *testing.T) {
	for sentence, test := range map[string]struct {
		err  error
		sent int
		took time.Duration
	}{
		"and refused": {registrylogin.ErrNoLogin, 1, time.Second},
		"and is good": {nil, 4, 4 * time.Second},
		"and fails":   {errors.New("nothing came in time"), 4, 4 * time.Second},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, begun, sent := &Refusals{}, time.Now(), make(chan struct{}, 100)
				ask := func(who login) {
					var all sync.WaitGroup
					for range 4 {
						all.Go(func() {
							err := f.send(t.Context(), who, func() error {
								sent <- struct{}{}
								time.Sleep(time.Second)
								return test.err
							})
							if !errors.Is(err, test.err) {
								t.Error(err)
							}
						})
					}
					all.Wait()
				}
				ask(login{1})
				if took := time.Since(begun); len(sent) != test.sent || took != test.took {
					t.Errorf("it was sent %d times within %s", len(sent), took)
				}
				begun = time.Now()
				if ask(login{1}); test.err == nil && time.Since(begun) != time.Second {
					t.Errorf("a good one is sent one by one: %s", time.Since(begun))
				}
				begun = time.Now()
				if ask(login{}); time.Since(begun) != time.Second {
					t.Errorf("none is sent one by one: %s", time.Since(begun))
				}
			})
		})
	}
}

// TestOnlySomeLoginsAreKept, because anybody may write Secrets.
func TestOnlySomeLoginsAreKept(t *testing.T) {
	f := &Refusals{}
	for n := range 3 * mostLogins {
		f.learn(login{1, byte(n), byte(n >> 8)}, registrylogin.ErrNoLogin)
		f.learn(login{2, byte(n), byte(n >> 8)}, nil)
	}
	if n, m := len(f.refused), len(f.proven); n == 0 || n > mostLogins || m == 0 || m > mostLogins {
		t.Errorf("%d and %d are kept", n, m)
	}
}

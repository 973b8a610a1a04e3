package prober

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A stateOf is a store with one state, or an error.
type stateOf struct {
	published.Store
	mu    sync.Mutex
	text  string
	err   error
	reads int
}

func (s *stateOf) Read(_ context.Context, object, endpoint string) (published.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if object != inputs.StateName || endpoint != shared {
		return published.Value{}, errors.New("which nobody may read")
	}
	return published.Value{Text: s.text, There: s.text != ""}, s.err
}

func (s *stateOf) set(text string, err error) { s.mu.Lock(); s.text, s.err = text, err; s.mu.Unlock() }

func TestWhatHasBeenLearntStaysUntilItIsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := example(t, "")
		c.Cluster.VPCID, c.PrivateZone.Source = "vpc-bbbbb", config.API
		s := &stateOf{}
		var mu sync.Mutex
		var learnt []string
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- Learner{Store: s, Config: func() *config.Config { return c }, Log: slog.New(slog.DiscardHandler)}.Run(ctx, func(all map[string]zone.State) {
				mu.Lock()
				defer mu.Unlock()
				learnt = append(learnt, all[shared].Zones["vpc-aaaaa"].Addrs[0].String())
			})
		}()
		const a, b = `{"version":1,"lastSwitch":"$","zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]}}}`, `{"version":1,"zones":{"vpc-aaaaa":{"addresses":["10.1.0.11"]}}}`
		for _, step := range []struct {
			text string
			err  error
		}{{"", nil}, {a, nil}, {a, nil}, {"", nil}, {"", errors.New("forbidden")}, {"garbage", nil}, {`{"version":1,"lastSwitch":"hangzhou","zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]}}}`, nil}, {b, nil}} {
			s.set(step.text, step.err)
			time.Sleep(40 * time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"10.1.0.10", "10.1.0.11"}, learnt); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhereNothingIsLearntNothingIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stateOf{}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		c := example(t, "")
		err := Learner{Store: s, Config: func() *config.Config { return c }, Log: slog.New(slog.DiscardHandler)}.Run(ctx, func(map[string]zone.State) { t.Error("learnt") })
		if err != nil || s.reads > 0 {
			t.Errorf("%v, %d reads", err, s.reads)
		}
	})
}

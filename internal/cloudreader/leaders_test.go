package cloudreader

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A slowStore lets others write between a reading and the write that follows from it.
type slowStore struct {
	published.Store
	conflicts *atomic.Int64
}

func (s slowStore) Read(ctx context.Context, object, endpoint string) (published.Value, error) {
	v, err := s.Store.Read(ctx, object, endpoint)
	time.Sleep(3 * time.Second)
	return v, err
}

func (s slowStore) Write(ctx context.Context, object, endpoint string, read published.Value, text string) error {
	err := s.Store.Write(ctx, object, endpoint, read, text)
	if errors.Is(err, published.ErrMeanwhile) {
		s.conflicts.Add(1)
	}
	return err
}

// TestTwoControllersAtOnce has two leaders, as when one hangs past the end of its
// lease, and somebody throw the switch: nobody undoes what another has written.
func TestTwoControllersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := published.InDir(t.TempDir())
		record := func(value string) {
			for {
				read, err := store.Read(t.Context(), inputs.StateName, name)
				fields := map[string]any{"version": 1}
				if err == nil && read.There {
					err = json.Unmarshal([]byte(read.Text), &fields)
				}
				fields["lastSwitch"] = value
				text, failed := json.Marshal(fields)
				if err = errors.Join(err, failed); err == nil {
					err = store.Write(t.Context(), inputs.StateName, name, read, string(text))
				}
				switch {
				case err == nil:
					return
				case !errors.Is(err, published.ErrMeanwhile):
					t.Fatal(err)
				}
			}
		}
		record("privatezone")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		var conflicts atomic.Int64
		clouds := []*stub{healthy(), healthy()}
		for n, s := range clouds {
			s.before = func() { // each has something to write, and the other something else
				s.zones[1] = bound("vpc-bbbbb", fmt.Sprintf("10.2.%d.%d", n, s.reads%200+1))
			}
			o := Options{Cloud: s, Store: slowStore{store, &conflicts}, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}
			r := New(o)
			r.Configure((&world{t: t}).example())
			go func() { ended <- r.Start(ctx) }()
		}
		for n := range 200 {
			time.Sleep(7 * time.Second)
			value := fmt.Sprintf("to: hangzhou\nreason: %d", n)
			record(value)
			synctest.Wait()
			read, err := store.Read(t.Context(), inputs.StateName, name)
			if err != nil {
				t.Fatal(err)
			}
			state, err := zone.ParseState([]byte(read.Text))
			if err != nil || state.LastSwitch != value {
				t.Fatalf("%q is recorded as %q: %v", value, state.LastSwitch, err)
			}
			if n > 10 && (len(state.Zones) != 2 || len(state.Zones["vpc-bbbbb"].Addrs) != 1 || len(state.Linked) != 1) {
				t.Fatalf("published is %s", read.Text)
			}
		}
		if conflicts.Load() < 10 {
			t.Errorf("only %d times somebody else had written meanwhile", conflicts.Load())
		}
		cancel()
		for range clouds {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

package healthquorum

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
)

// An absent store can't be read so many times.
type absent struct {
	published.Store
	failures int
}

func (a *absent) Read(ctx context.Context, object, endpoint string) (published.Value, error) {
	if a.failures--; a.failures >= 0 {
		return published.Value{}, errors.New("the API server is away")
	}
	return a.Store.Read(ctx, object, endpoint)
}

func TestAnotherPartIsForgotten(t *testing.T) {
	store := published.InDir(t.TempDir())
	if err := store.Write(t.Context(), inputs.StatusName, hangzhou.Endpoint, published.Value{}, `{"health":{"wanted":3},"readiness":{"images":3}}`); err != nil {
		t.Fatal(err)
	}
	f := Forgetter{Endpoints: []string{hangzhou.Endpoint}, Part: "readiness", Store: store, Log: slog.New(slog.DiscardHandler)}
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := store.Read(t.Context(), inputs.StatusName, hangzhou.Endpoint)
	if err != nil || got.Text != `{"health":{"wanted":3}}`+"\n" {
		t.Errorf("%q is left, %v", got.Text, err)
	}
}

func TestWhatProbersFoundThatAreOffIsForgotten(t *testing.T) {
	store := published.InDir(t.TempDir())
	if err := store.Write(t.Context(), inputs.StatusName, hangzhou.Endpoint, published.Value{}, `{"version":1,"health":{"wanted":3},"privateZone":{"target":"hangzhou"}}`); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		f := Forgetter{Endpoints: []string{"new.registry.io", hangzhou.Endpoint}, Store: &absent{store, 4}, Log: slog.New(slog.DiscardHandler)}
		if err := f.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 2*forgetAgain {
			t.Errorf("it takes %s, with two attempts that fail", took)
		}
	})
	got, err := store.Read(t.Context(), inputs.StatusName, hangzhou.Endpoint)
	if err != nil || got.Text != `{"privateZone":{"target":"hangzhou"},"version":1}`+"\n" {
		t.Errorf("%q is left, %v", got.Text, err)
	}
}

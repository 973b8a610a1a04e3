package configfile_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/configfile"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	taken = "a new configuration is in force"
	bad   = "the configuration can't be used: the last good one stays in force"
)

// happenings are the messages of the log and the regions of the configurations in use, in order.
type happenings chan string

func (happenings) Enabled(context.Context, slog.Level) bool        { return true }
func (h happenings) WithAttrs([]slog.Attr) slog.Handler            { return h }
func (h happenings) WithGroup(string) slog.Handler                 { return h }
func (h happenings) Handle(_ context.Context, r slog.Record) error { h <- r.Message; return nil }

type followed struct {
	path     string
	registry *prometheus.Registry
	happened happenings
}

// follow loads the file and follows it until the test ends.
func follow(t *testing.T, path string, cache *lastgood.Store) followed {
	t.Helper()
	f := followed{path, prometheus.NewPedanticRegistry(), make(happenings, 100)}
	file := configfile.New(path, cache, f.registry, slog.New(f.happened))
	_, err := file.Load()
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- file.Follow(ctx, func(c *config.Config) { f.happened <- c.Cluster.Region }) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-ended)
		close(f.happened)
		for more := range f.happened {
			t.Errorf("it happened too: %s", more)
		}
	})
	return f
}

// expect waits until exactly this has happened, and compares the metric then.
func (f followed) expect(t *testing.T, metric float64, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-f.happened:
			if got != w {
				t.Fatalf("happened: %s; expected: %s", got, w)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("did not happen: %s", w)
		}
	}
	if got := valid(t, f.registry); got != metric {
		t.Errorf("the metric is %v, not %v", got, metric)
	}
}

func TestGoodBadAndGoodAgain(t *testing.T) {
	for sentence, test := range unusable(t) {
		t.Run(sentence, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.yaml")
			put(t, path, text(t, "cn-a"))
			cache := openCache(t, t.TempDir())
			f := follow(t, path, cache)
			f.expect(t, 1)
			put(t, path, test.text)
			f.expect(t, 0, bad)
			kept, err := cache.Load("config")
			if err != nil || string(kept) != text(t, "cn-a") {
				t.Errorf("the cache holds %q, %v", kept, err)
			}
			put(t, path, text(t, "cn-b"))
			f.expect(t, 1, "cn-b", taken)
			kept, err = cache.Load("config")
			if err != nil || string(kept) != text(t, "cn-b") {
				t.Errorf("the cache holds %q, %v", kept, err)
			}
		})
	}
}

func TestMountedConfigMapIsSwappedByOneSymlink(t *testing.T) {
	dir := t.TempDir()
	// mount puts a version of the ConfigMap behind ..data, as kubelet does.
	mount := func(version, text string) {
		must(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		must(t, os.WriteFile(filepath.Join(dir, version, "config.yaml"), []byte(text), 0o600))
		must(t, os.Symlink(version, filepath.Join(dir, "..data_tmp")))
		before, _ := os.Readlink(filepath.Join(dir, "..data"))
		must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
		if before != "" {
			must(t, os.RemoveAll(filepath.Join(dir, before)))
		}
	}
	mount("..v1", text(t, "cn-a"))
	must(t, os.Symlink(filepath.Join("..data", "config.yaml"), filepath.Join(dir, "config.yaml")))
	f := follow(t, filepath.Join(dir, "config.yaml"), openCache(t, ""))
	mount("..v2", text(t, "cn-b"))
	f.expect(t, 1, "cn-b", taken)
	mount("..v3", "a: [")
	f.expect(t, 0, bad)
	mount("..v4", text(t, "cn-c"))
	f.expect(t, 1, "cn-c", taken)
}

func TestFileThatIsAwayForAWhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	put(t, path, text(t, "cn-a"))
	f := follow(t, path, openCache(t, ""))
	must(t, os.Remove(path))
	f.expect(t, 0, bad)
	put(t, path, text(t, "cn-a"))
	f.expect(t, 1, "cn-a", taken)
}

func TestStartFromTheCacheEndsWithTheFirstGoodFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	cache := openCache(t, t.TempDir())
	must(t, cache.Save("config", []byte(text(t, "cn-kept"))))
	f := follow(t, path, cache)
	f.expect(t, 0, bad)
	put(t, path, "a: [")
	f.expect(t, 0, bad)
	put(t, path, text(t, "cn-b"))
	f.expect(t, 1, "cn-b", taken)
}

// TestNothingIsToldTwice writes the same again; had anything happened, it would
// have come before what happens to the next version.
func TestNothingIsToldTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	put(t, path, text(t, "cn-a"))
	f := follow(t, path, openCache(t, ""))
	put(t, path, text(t, "cn-a"))
	put(t, path, "a: [")
	f.expect(t, 0, bad)
	put(t, path, "a: [")
	put(t, path, "b: [")
	f.expect(t, 0, bad)
	put(t, path, text(t, "cn-b"))
	f.expect(t, 1, "cn-b", taken)
}

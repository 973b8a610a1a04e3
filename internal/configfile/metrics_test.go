package configfile_test

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/configfile"
)

// inForce are the metrics while that text is in force: as the file says, or in
// spite of it. When it was read is another matter.
func inForce(text string, valid float64) map[string]float64 {
	return map[string]float64{
		"registry_failover_config_valid": valid,
		fmt.Sprintf("registry_failover_config_info %.12s", fmt.Sprintf("%x", sha256.Sum256([]byte(text)))): 1,
	}
}

const readAt = "registry_failover_config_last_success_timestamp_seconds"

// expectMetrics compares them, and returns when the configuration was read.
func expectMetrics(t *testing.T, registry *prometheus.Registry, want map[string]float64) time.Time {
	t.Helper()
	got := gather(t, registry)
	read := got[readAt]
	delete(got, readAt)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	return time.UnixMicro(int64(read * 1e6))
}

func TestMetricsTellWhichConfigurationIsInForceAndSinceWhen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	put(t, path, text(t, "cn-a"))
	begin := time.Now()
	f := follow(t, path, openCache(t, ""))
	first := expectMetrics(t, f.registry, inForce(text(t, "cn-a"), 1))
	if first.Before(begin.Add(-time.Millisecond)) || first.After(time.Now()) {
		t.Errorf("it was read at %s, after %s", first, begin)
	}
	put(t, path, "a: [")
	f.expect(t, 0, bad)
	if again := expectMetrics(t, f.registry, inForce(text(t, "cn-a"), 0)); !again.Equal(first) {
		t.Errorf("a bad file moved the time from %s to %s", first, again)
	}
	put(t, path, text(t, "cn-b"))
	f.expect(t, 1, "cn-b", taken)
	if next := expectMetrics(t, f.registry, inForce(text(t, "cn-b"), 1)); !next.After(first) {
		t.Errorf("another file left the time at %s", next)
	}
}

func TestMetricsTellThatAConfigurationIsFromBeforeARestart(t *testing.T) {
	cache, registry := openCache(t, t.TempDir()), prometheus.NewPedanticRegistry()
	must(t, cache.Save("config", []byte(text(t, "cn-kept"))))
	_, err := configfile.New(filepath.Join(t.TempDir(), "config.yaml"), cache, registry, slog.New(slog.DiscardHandler)).Load()
	must(t, err)
	if read := expectMetrics(t, registry, inForce(text(t, "cn-kept"), 0)); !read.Equal(time.Unix(0, 0)) {
		t.Errorf("it says that it was read at %s", read)
	}
}

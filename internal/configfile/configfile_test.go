package configfile_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/internal/configfile"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/pkg/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text is the example's configuration with the region as a mark by which versions are told apart.
func text(t *testing.T, region string) string {
	t.Helper()
	example, err := os.ReadFile("../../testdata/config/example.yaml")
	must(t, err)
	return strings.Replace(string(example), "vpc-bbbbb\n  region: cn-zhangjiakou", "vpc-bbbbb\n  region: "+region, 1)
}

// unusable are configurations that can't be used; the key says why, the value is the file's content.
func unusable(t *testing.T) map[string]struct{ text, why string } {
	t.Helper()
	return map[string]struct{ text, why string }{
		"it is empty":                      {"", `apiVersion: `},
		"it is no YAML":                    {"a: [", "not readable YAML"},
		"it has a key of a newer version":  {text(t, "cn-a") + "newer: true\n", "newer: Forbidden: unknown key"},
		"it names an unknown primary":      {strings.Replace(text(t, "cn-a"), "primary: zhangjiakou", "primary: beijing", 1), "endpoints[0].primary"},
		"it is cut off":                    {text(t, "cn-a")[:300], "endpoints"},
		"it is longer than what is read":   {text(t, "cn-a") + strings.Repeat("#", config.MaxBytes), "at most 1048576 are read"},
		"it is something else than a file": {"directory", "is a directory"},
	}
}

// put replaces the file by rename; the text "directory" makes it one.
func put(t *testing.T, path, text string) {
	t.Helper()
	if text == "directory" {
		must(t, os.Remove(path))
		must(t, os.Mkdir(path, 0o700))
		return
	}
	must(t, os.WriteFile(path+".new", []byte(text), 0o600))
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		must(t, os.Remove(path))
	}
	must(t, os.Rename(path+".new", path))
}

func openCache(t *testing.T, dir string) *lastgood.Store {
	t.Helper()
	return lastgood.Open(dir)
}

// gather gives each metric's value by its name, and by its label's value where it has one.
func gather(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	must(t, err)
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	must(t, err)
	if len(problems) > 0 {
		t.Errorf("%v", problems)
	}
	found := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += " " + label.GetValue()
			}
			found[name] = m.GetGauge().GetValue()
		}
	}
	return found
}

func valid(t *testing.T, registry *prometheus.Registry) float64 {
	t.Helper()
	return gather(t, registry)["registry_failover_config_valid"]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// load loads the file with a cache, and gives the region, the metric, the log and the error.
func load(t *testing.T, path string, cache *lastgood.Store) (region string, metric float64, log string, err error) {
	t.Helper()
	var out bytes.Buffer
	registry := prometheus.NewPedanticRegistry()
	c, err := configfile.New(path, cache, registry, slog.New(slog.NewTextHandler(&out, nil))).Load()
	if c != nil {
		region = c.Cluster.Region
	}
	return region, valid(t, registry), out.String(), err
}

func TestGoodConfigurationIsLoadedAndKept(t *testing.T) {
	path, cacheDir := filepath.Join(t.TempDir(), "config.yaml"), t.TempDir()
	put(t, path, text(t, "cn-a"))
	region, metric, log, err := load(t, path, openCache(t, cacheDir))
	if region != "cn-a" || err != nil || metric != 1 || log != "" {
		t.Errorf("region %q, error %v, metric %v, log %q", region, err, metric, log)
	}
	kept, err := openCache(t, cacheDir).Load("config")
	if diff := cmp.Diff(text(t, "cn-a"), string(kept)); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestBadConfigurationAtTheStart(t *testing.T) {
	bad := unusable(t)
	bad["it is missing"] = struct{ text, why string }{"", "config.yaml: no such file or directory"}
	for sentence, test := range bad {
		t.Run(sentence, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.yaml")
			if sentence != "it is missing" {
				put(t, path, "x")
				put(t, path, test.text)
			}

			region, metric, log, err := load(t, path, openCache(t, ""))
			if region != "" || err == nil || metric != 0 || log != "" {
				t.Fatalf("without a cache: region %q, error %v, metric %v, log %q", region, err, metric, log)
			}
			for _, want := range []string{path, test.why} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not tell %q: %v", want, err)
				}
			}

			cache := openCache(t, t.TempDir())
			must(t, cache.Save("config", []byte(text(t, "cn-kept"))))
			region, metric, log, err = load(t, path, cache)
			if region != "cn-kept" || err != nil || metric != 0 || strings.Count(log, "\n") != 1 || !strings.Contains(log, "the last good one stays in force") {
				t.Errorf("with a cache: region %q, error %v, metric %v, log %q", region, err, metric, log)
			}
			kept, err := cache.Load("config")
			if err != nil || string(kept) != text(t, "cn-kept") {
				t.Errorf("the cache holds %q, %v", kept, err)
			}
		})
	}
}

func TestCacheThatHelpsNothingIsTold(t *testing.T) {
	tests := map[string]struct {
		spoil func(dir string)
		why   string
	}{
		"it is damaged": {func(dir string) { put(t, filepath.Join(dir, "config"), "x") }, "is damaged"},
		"it is from a version that knew other keys": {func(dir string) {
			must(t, openCache(t, dir).Save("config", []byte(text(t, "cn-a")+"older: true\n")))
		}, "older: Forbidden"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			test.spoil(dir)
			_, _, _, err := load(t, filepath.Join(t.TempDir(), "config.yaml"), openCache(t, dir))
			if err == nil || !strings.Contains(err.Error(), "no such file") || !strings.Contains(err.Error(), "\nthe last good one can't be used either: ") || !strings.Contains(err.Error(), test.why) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestCacheThatCanNotBeWrittenIsOnlyAWarning(t *testing.T) {
	path, cacheDir := filepath.Join(t.TempDir(), "config.yaml"), t.TempDir()
	put(t, path, text(t, "cn-a"))
	must(t, os.Mkdir(filepath.Join(cacheDir, "config"), 0o700))
	region, metric, log, err := load(t, path, openCache(t, cacheDir))
	if region != "cn-a" || err != nil || metric != 1 || !strings.Contains(log, "can't be kept for a restart") {
		t.Errorf("region %q, error %v, metric %v, log %q", region, err, metric, log)
	}
}

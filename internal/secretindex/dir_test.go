package secretindex_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/secretindex"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mounted is a directory that is read, with what it reports.
type mounted struct {
	*secretindex.Dir
	path     string
	registry *prometheus.Registry
	log      *bytes.Buffer
}

func mount(t *testing.T) *mounted {
	t.Helper()
	m := &mounted{path: filepath.Join(t.TempDir(), "index"), registry: prometheus.NewPedanticRegistry(), log: &bytes.Buffer{}}
	m.Dir = secretindex.New(m.path, m.registry, slog.New(slog.NewTextHandler(m.log, nil)))
	return m
}

// write puts a namespace's file there by rename.
func (m *mounted) write(t *testing.T, namespace, text string) {
	t.Helper()
	must(t, os.MkdirAll(m.path, 0o700))
	fresh := filepath.Join(t.TempDir(), "fresh")
	must(t, os.WriteFile(fresh, []byte(text), 0o600))
	must(t, os.Rename(fresh, filepath.Join(m.path, namespace)))
}

// states are the metric's values.
func (m *mounted) states(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := m.registry.Gather()
	must(t, err)
	states := map[string]float64{}
	for _, metric := range families[0].GetMetric() {
		states[metric.GetLabel()[0].GetValue()] = metric.GetGauge().GetValue()
	}
	return states
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const pullB = `{"pull-b":["cross-region.registry.io/zhangjiakou"]}`

var holdsB = pullsecrets.Namespace{"pull-b": {{Endpoint: "cross-region.registry.io", Instance: "zhangjiakou"}}}

func TestRead(t *testing.T) {
	tests := map[string]struct {
		// after is what happens between two looks; the first finds shop alone, with pullB.
		after   func(t *testing.T, m *mounted)
		want    pullsecrets.Index // nil for no change
		states  map[string]float64
		problem string // the first, in the log; none where empty
	}{
		"nothing happens": {
			after: func(*testing.T, *mounted) {}, states: map[string]float64{"read": 1, "unreadable": 0},
		},
		"the same text is written again, and is one that may differ": {
			after: func(t *testing.T, m *mounted) { m.write(t, "shop", pullB) },
			want:  pullsecrets.Index{"shop": holdsB}, states: map[string]float64{"read": 1, "unreadable": 0},
		},
		"a Secret goes and a namespace comes": {
			after: func(t *testing.T, m *mounted) { m.write(t, "shop", `{}`); m.write(t, "bank", `{"hub":[]}`) },
			want:  pullsecrets.Index{"shop": {}, "bank": {"hub": {}}}, states: map[string]float64{"read": 2, "unreadable": 0},
		},
		"a namespace goes": {
			after: func(t *testing.T, m *mounted) { must(t, os.Remove(filepath.Join(m.path, "shop"))) },
			want:  pullsecrets.Index{}, states: map[string]float64{"read": 0, "unreadable": 0},
		},
		"the directory goes": {
			after: func(t *testing.T, m *mounted) { must(t, os.RemoveAll(m.path)) },
			want:  pullsecrets.Index{}, states: map[string]float64{"read": 0, "unreadable": 0},
		},
		"a directory that can't be listed keeps all": {
			after: func(t *testing.T, m *mounted) {
				must(t, os.RemoveAll(m.path))
				must(t, os.WriteFile(m.path, nil, 0o600))
			},
			states: map[string]float64{"read": 0, "unreadable": 1}, problem: "the directory: not a directory",
		},
		"a file that is no JSON keeps what was known, and others go on": {
			after: func(t *testing.T, m *mounted) { m.write(t, "shop", `{"pull-b":`); m.write(t, "bank", `{"hub":[]}`) },
			want:  pullsecrets.Index{"shop": holdsB, "bank": {"hub": {}}}, states: map[string]float64{"read": 1, "unreadable": 1},
			problem: "shop: must be a JSON object from Secret to list of holdings: unexpected end of JSON input",
		},
		"a file that is empty keeps what was known": {
			after:  func(t *testing.T, m *mounted) { m.write(t, "shop", "") },
			states: map[string]float64{"read": 0, "unreadable": 1}, problem: "shop: must be a JSON object",
		},
		"a pipe keeps what was known, and nobody waits for a writer": {
			after: func(t *testing.T, m *mounted) {
				must(t, os.Remove(filepath.Join(m.path, "shop")))
				must(t, syscall.Mkfifo(filepath.Join(m.path, "shop"), 0o600))
			},
			states: map[string]float64{"read": 0, "unreadable": 1}, problem: "shop: it is not a regular file",
		},
		"a file that is longer than an index can be isn't read": {
			after:  func(t *testing.T, m *mounted) { m.write(t, "shop", strings.Repeat(" ", 1<<20)) },
			states: map[string]float64{"read": 0, "unreadable": 1}, problem: "shop: with it the index is longer than 1048576 bytes",
		},
		"of files that are longer together, the last isn't read": {
			after: func(t *testing.T, m *mounted) {
				m.write(t, "bank", pullB+strings.Repeat(" ", 1<<19))
				m.write(t, "cart", pullB+strings.Repeat(" ", 1<<19))
			},
			want: pullsecrets.Index{"shop": holdsB, "bank": holdsB}, states: map[string]float64{"read": 2, "unreadable": 1},
			problem: "cart: with it the index is longer than 1048576 bytes",
		},
		"a file that was never good is unknown": {
			after:  func(t *testing.T, m *mounted) { m.write(t, "bank", "[]") },
			states: map[string]float64{"read": 1, "unreadable": 1}, problem: "bank: must be a JSON object",
		},
		"a word of a later version is passed over": {
			after: func(t *testing.T, m *mounted) {
				m.write(t, "shop", `{"pull-b":["cross-region.registry.io/zhangjiakou","a later word"]}`)
			},
			want: pullsecrets.Index{"shop": holdsB}, states: map[string]float64{"read": 1, "unreadable": 0},
		},
		"directories and names with a dot before them are none": {
			after: func(t *testing.T, m *mounted) {
				m.write(t, "..2026_11_28", pullB)
				must(t, os.Mkdir(filepath.Join(m.path, "dir"), 0o700))
			},
			states: map[string]float64{"read": 1, "unreadable": 0},
		},
		"a symlink that leads nowhere is a namespace that is about to go": {
			after: func(t *testing.T, m *mounted) {
				must(t, os.Remove(filepath.Join(m.path, "shop")))
				must(t, os.Symlink("..data/shop", filepath.Join(m.path, "shop")))
			},
			want: pullsecrets.Index{}, states: map[string]float64{"read": 0, "unreadable": 0},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			m := mount(t)
			m.write(t, "shop", pullB)
			first, changed := m.Read()
			if !changed {
				t.Fatal("the first look finds nothing")
			}
			compare(t, pullsecrets.Index{"shop": holdsB}, first)
			test.after(t, m)
			got, changed := m.Read()
			compare(t, test.want, got)
			compare(t, test.want != nil, changed)
			compare(t, test.states, m.states(t))
			compare(t, pullsecrets.Index{"shop": holdsB}, first) // readers still have it
			if log := m.log.String(); (log == "") != (test.problem == "") || !strings.Contains(log, test.problem) {
				t.Errorf("the log says %q", log)
			}
			said := m.log.Len()
			if again, changed := m.Read(); changed {
				t.Errorf("a third look finds %v", again)
			}
			if m.log.Len() > said {
				t.Errorf("it is told again: %s", m.log)
			}
		})
	}
}

func TestADirectoryThatIsNotThereIsAnEmptyIndex(t *testing.T) {
	m := mount(t)
	if index, changed := m.Read(); changed || index != nil {
		t.Errorf("it has %v", index)
	}
	compare(t, map[string]float64{"read": 0, "unreadable": 0}, m.states(t))
	compare(t, "", m.log.String())
}

func TestWhatCanBeReadAgainIsReadAndTold(t *testing.T) {
	m := mount(t)
	m.write(t, "shop", "[]")
	m.Read()
	m.log.Reset()
	m.write(t, "shop", pullB)
	index, _ := m.Read()
	compare(t, pullsecrets.Index{"shop": holdsB}, index)
	if log := m.log.String(); !strings.Contains(log, "all of the index of pull secrets can be read again") {
		t.Errorf("the log says %q", log)
	}
}

// TestThousandsOfNamespaces: a look at what hasn't changed, every 10 s and with each
// event, reads no file again.
func TestThousandsOfNamespaces(t *testing.T) {
	m := mount(t)
	must(t, os.Mkdir(m.path, 0o700))
	for i := range 2000 {
		must(t, os.WriteFile(filepath.Join(m.path, fmt.Sprintf("namespace-%04d", i)), []byte(pullB), 0o600))
	}
	index, _ := m.Read()
	compare(t, 2000, len(index))
	idle := testing.AllocsPerRun(1, func() { m.Read() })
	m.write(t, "namespace-1500", `{"hub":[]}`)
	index, _ = m.Read()
	compare(t, pullsecrets.Namespace{"hub": {}}, index["namespace-1500"])
	compare(t, 2000, len(index))
	if perFile := idle / 2000; perFile > 12 {
		t.Errorf("a look at a file that is known takes %v allocations: it is read again", perFile)
	}
}

// TestFollowReadsAMountedConfigMap: kubelet switches all keys with one symlink.
func TestFollowReadsAMountedConfigMap(t *testing.T) {
	m := mount(t)
	must(t, os.Mkdir(m.path, 0o700))
	write := func(version string, texts map[string]string) {
		dir := filepath.Join(m.path, ".."+version)
		must(t, os.Mkdir(dir, 0o700))
		for name, text := range texts {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		must(t, os.Symlink(".."+version, filepath.Join(m.path, "..data_tmp")))
		must(t, os.Rename(filepath.Join(m.path, "..data_tmp"), filepath.Join(m.path, "..data")))
	}
	write("1", map[string]string{"shop": pullB})
	must(t, os.Symlink("..data/shop", filepath.Join(m.path, "shop")))

	ctx, cancel := context.WithCancel(t.Context())
	indexes, ended := make(chan pullsecrets.Index, 10), make(chan error, 1)
	go func() { ended <- m.Follow(ctx, func(index pullsecrets.Index) { indexes <- index }) }()
	next := func() pullsecrets.Index {
		t.Helper()
		select {
		case index := <-indexes:
			return index
		case <-time.After(30 * time.Second):
			t.Fatal("no index comes")
			return nil
		}
	}
	compare(t, pullsecrets.Index{"shop": holdsB}, next())
	write("2", map[string]string{"shop": `{"hub":[]}`})
	compare(t, pullsecrets.Index{"shop": {"hub": {}}}, next())
	cancel()
	must(t, <-ended)
}

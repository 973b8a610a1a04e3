package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

const metricPrefix = "registry_failover_"

func TestMetricsCarryTheProductsName(t *testing.T) {
	positions, all := allMetrics(t)
	for _, m := range all {
		for _, problem := range m.problems() {
			t.Errorf("%s: metric %q: %s", positions.Position(m.position), m.name, problem)
		}
	}
}

// TestRulesAndPanelsNameMetricsThatExist: an alert of any other would never fire, and a
// panel would stay empty. Whatever begins with the prefix in these files is a metric's name.
func TestRulesAndPanelsNameMetricsThatExist(t *testing.T) {
	declared := map[string]bool{}
	_, all := allMetrics(t)
	for _, m := range all {
		declared[m.name] = true
	}
	for _, file := range []string{"charts/registry-failover/alerts.yaml", "charts/registry-failover/dashboards/registry-failover.json"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]bool{}
		for _, name := range regexp.MustCompile(`\b`+metricPrefix+`\w+`).FindAllString(string(text), -1) {
			named[name] = true
		}
		for _, name := range slices.Sorted(maps.Keys(named)) {
			if !declared[name] {
				t.Errorf("%s has %s, which no program has", file, name)
			}
		}
		if len(named) < 10 {
			t.Errorf("%s: only %d metrics were found", file, len(named))
		}
	}
}

func allMetrics(t *testing.T) (*token.FileSet, []metric) {
	t.Helper()
	folders := map[string][]*ast.File{}
	positions := token.NewFileSet()
	for _, path := range productionFiles(t) {
		file, err := parser.ParseFile(positions, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], file)
	}
	var all []metric
	for _, files := range folders {
		all = append(all, declaredMetrics(files)...)
	}
	return positions, all
}

// problems says what is wrong with a metric: our own rule about the prefix,
// and those that promlint has from Prometheus's naming guide.
func (m metric) problems() []string {
	if m.name == "" {
		return []string{"the name isn't a constant string: write it out, so that whoever sees the metric finds it in the source"}
	}
	var problems []string
	if !strings.HasPrefix(m.name, metricPrefix) {
		problems = append(problems, "the name must start with "+metricPrefix+", or it meets another program's")
	}
	if m.help == "" {
		problems = append(problems, "the help text is missing, or isn't a constant string")
	}
	var collector prometheus.Collector
	switch m.kind {
	case "CounterOpts":
		collector = prometheus.NewCounter(prometheus.CounterOpts{Name: m.name, Help: m.help})
	case "GaugeOpts":
		collector = prometheus.NewGauge(prometheus.GaugeOpts{Name: m.name, Help: m.help})
	case "HistogramOpts":
		collector = prometheus.NewHistogram(prometheus.HistogramOpts{Name: m.name, Help: m.help})
	case "SummaryOpts":
		collector = prometheus.NewSummary(prometheus.SummaryOpts{Name: m.name, Help: m.help})
	default:
		return problems // NewDesc doesn't tell the type
	}
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(collector); err != nil {
		return append(problems, err.Error())
	}
	families, err := registry.Gather()
	if err != nil {
		return append(problems, err.Error())
	}
	found, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		return append(problems, err.Error())
	}
	for _, p := range found {
		problems = append(problems, p.Text)
	}
	return problems
}

func TestMetricProblems(t *testing.T) {
	for sentence, test := range map[string]struct {
		source string
		want   string // the problem, "" when there is none
	}{
		"a good counter":                      {`var _ = prometheus.CounterOpts{Name: "registry_failover_x_total", Help: "X."}`, ""},
		"a name put together from constants":  {`const a = "registry_failover_"; var _ = prometheus.GaugeOpts{Name: a + "x", Help: "X."}`, ""},
		"a namespace and a subsystem":         {`var _ = prometheus.GaugeOpts{Namespace: "registry_failover", Subsystem: "a", Name: "x", Help: "X."}`, ""},
		"a name without the prefix":           {`var _ = prometheus.GaugeOpts{Name: "x", Help: "X."}`, "must start with registry_failover_"},
		"a described name without the prefix": {`var _ = prometheus.NewDesc("x", "X.", nil, nil)`, "must start with registry_failover_"},
		"a counter without _total":            {`var _ = prometheus.CounterOpts{Name: "registry_failover_x", Help: "X."}`, "_total"},
		"a gauge without help":                {`var _ = prometheus.GaugeOpts{Name: "registry_failover_x"}`, "help text is missing"},
		"a computed name":                     {`var _ = prometheus.GaugeOpts{Name: name(), Help: "X."}`, "constant string"},
		"a good name handed to a closure": {
			`func f() {
				gauge := func(a, help string) any { return prometheus.GaugeOpts{Name: a, Help: help} }
				gauge("registry_failover_x", "X.")
			}`, "",
		},
		"a bad name handed to a closure": {
			`func f() {
				gauge := func(a, help string) any { return prometheus.GaugeOpts{Name: a, Help: help} }
				gauge("x", "X.")
			}`, "must start with registry_failover_",
		},
		"a bad name handed to a function": {
			`func f() { gauge(1, "x") }
			func gauge(_ int, a string) any { return prometheus.GaugeOpts{Name: a, Help: "X."} }`, "must start with registry_failover_",
		},
		"a computed name handed to a function": {
			`func f() { gauge(g()) }
			func gauge(a string) any { return prometheus.GaugeOpts{Name: a, Help: "X."} }`, "constant string",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+test.source, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			found := declaredMetrics([]*ast.File{file})
			if len(found) != 1 {
				t.Fatalf("%d metrics are seen: %v", len(found), found)
			}
			problems := strings.Join(found[0].problems(), "; ")
			if (test.want == "") != (problems == "") || !strings.Contains(problems, test.want) {
				t.Errorf("got %q, want %q", problems, test.want)
			}
		})
	}
}

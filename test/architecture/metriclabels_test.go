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
)

// scraped are labels that Prometheus gives.
var scraped = []string{"pod", "job", "le"}

// TestRulesAndPanelsAskForLabelsThatExist: a rule that selects or groups by another never
// fires, or takes all for one. The series that play the alerts are held to the same.
func TestRulesAndPanelsAskForLabelsThatExist(t *testing.T) {
	labels := metricLabels(t)
	files := map[string]int{ // and how many are found at least
		"charts/registry-failover/alerts.yaml": 30, "charts/registry-failover/dashboards/registry-failover.json": 20,
		"test/chart/alertlives_test.go": 80, "test/chart/testdata/alerts.yaml": 30,
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		found := 0
		for _, asked := range askedLabels(readText(t, file)) {
			found++
			if of, known := labels[asked.metric]; known && !slices.Contains(of, asked.label) && !slices.Contains(scraped, asked.label) {
				t.Errorf("%s asks %s for the label %s, and it has %q", file, asked.metric, asked.label, of)
			} else if !known {
				t.Errorf("%s has %s, whose labels can't be read off the source", file, asked.metric)
			}
		}
		if found < files[file] {
			t.Errorf("%s: only %d labels were found", file, found)
		}
	}
}

// TestDocumentsNameMetricsThatExist, with the labels that a table or a selector gives them.
func TestDocumentsNameMetricsThatExist(t *testing.T) {
	labels := metricLabels(t)
	found := 0
	for _, file := range documents(t) {
		text := readText(t, file)
		for _, name := range regexp.MustCompile(`\bregistry_failover_\w+[a-z]\b`).FindAllString(text, -1) {
			found++
			if _, known := labels[name]; !known {
				t.Errorf("%s names %s, which no program has", file, name)
			}
		}
		for _, asked := range askedLabels(text) {
			if !slices.Contains(labels[asked.metric], asked.label) {
				t.Errorf("%s gives %s the label %s, and it has %q", file, asked.metric, asked.label, labels[asked.metric])
			}
		}
		for _, row := range regexp.MustCompile("(?m)^\\| `(registry_failover_\\w+)` \\| ((?:`\\w+`(?:, )?)*) \\|").FindAllStringSubmatch(text, -1) {
			told := regexp.MustCompile(`\w+`).FindAllString(row[2], -1)
			slices.Sort(told)
			of := slices.Sorted(slices.Values(labels[row[1]]))
			if !slices.Equal(told, of) {
				t.Errorf("%s: the table gives %s the labels %q, and it has %q", file, row[1], told, of)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d names were found", found)
	}
}

// documents are all pages.
func documents(t *testing.T) []string {
	t.Helper()
	all := []string{"README.md"}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			all = append(all, strings.TrimPrefix(filepath.ToSlash(file), filepath.ToSlash(root)+"/"))
		}
	}
	return all
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type askedLabel struct{ metric, label string }

var (
	selected = regexp.MustCompile(`(registry_failover_\w+)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\\?"`)
	// grouped takes the first metric after the labels: what is grouped is one in each rule here.
	grouped = regexp.MustCompile(`by \(([\w, ]+)\) ?\([^"]*?(registry_failover_\w+)`)
)

// askedLabels reads selectors and groups, wherever they stand.
func askedLabels(text string) []askedLabel {
	var all []askedLabel
	for _, s := range selected.FindAllStringSubmatch(text, -1) {
		for _, m := range matcher.FindAllStringSubmatch(s[2], -1) {
			all = append(all, askedLabel{histogram.ReplaceAllString(s[1], ""), m[1]})
		}
	}
	for _, g := range grouped.FindAllStringSubmatch(text, -1) {
		for _, label := range regexp.MustCompile(`\w+`).FindAllString(g[1], -1) {
			all = append(all, askedLabel{histogram.ReplaceAllString(g[2], ""), label})
		}
	}
	return all
}

// histogram is what Prometheus appends to the name of one.
var histogram = regexp.MustCompile(`_bucket$`)

// metricLabels are the labels of every metric that the programs have. Where several
// programs have one of the same name, they are those of all.
func metricLabels(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	_, all := allMetrics(t)
	for _, m := range all {
		found[m.name] = slices.Compact(slices.Sorted(slices.Values(append(found[m.name], m.labels...))))
	}
	return found
}

// labelsOf are the labels by the node that [readMetric] reads: New…Vec(opts, labels),
// NewDesc(name, help, labels, …) and Opts{ConstLabels: …}.
func labelsOf(files []*ast.File, constants values) map[ast.Node][]string {
	lists := map[string][]string{}
	each(files, func(node ast.Node) {
		if assigned, ok := node.(*ast.AssignStmt); ok && len(assigned.Lhs) == 1 {
			if name, ok := assigned.Lhs[0].(*ast.Ident); ok {
				if list := constantStrings(assigned.Rhs[0], constants, lists); len(list) > 0 && !slices.Contains(list, "") {
					lists[name.Name] = list
				}
			}
		}
	})
	found := map[ast.Node][]string{}
	each(files, func(node ast.Node) {
		switch node := node.(type) {
		case *ast.CallExpr:
			callee, ok := node.Fun.(*ast.SelectorExpr) // of prometheus, or of a promauto.Factory
			switch {
			case !ok:
			case strings.HasSuffix(callee.Sel.Name, "Vec") && len(node.Args) == 2:
				if list := constantStrings(node.Args[1], constants, lists); list != nil {
					found[node.Args[0]] = list
				}
			case callee.Sel.Name == "NewDesc" && len(node.Args) > 2:
				found[node] = constantStrings(node.Args[2], constants, lists)
			}
		case *ast.CompositeLit:
			for _, element := range node.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "ConstLabels" {
						found[node] = constantStrings(pair.Value, constants, lists)
					}
				}
			}
		}
	})
	return found
}

// constantStrings evaluates a list of strings: []string{…}, the keys of a map, a name of
// one, or append to one; nil is anything else.
func constantStrings(expression ast.Expr, known values, lists map[string][]string) []string {
	switch expression := expression.(type) {
	case *ast.CompositeLit:
		var all []string
		for _, element := range expression.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				element = pair.Key
			}
			all = append(all, constantString(element, known))
		}
		return all
	case *ast.Ident:
		return lists[expression.Name]
	case *ast.CallExpr:
		if callee, ok := expression.Fun.(*ast.Ident); ok && callee.Name == "append" {
			all := slices.Clone(constantStrings(expression.Args[0], known, lists))
			for _, more := range expression.Args[1:] {
				all = append(all, constantString(more, known))
			}
			return all
		}
	}
	return nil
}

func isVariadic(function *ast.FuncType) bool {
	if len(function.Params.List) == 0 {
		return false
	}
	_, is := function.Params.List[len(function.Params.List)-1].Type.(*ast.Ellipsis)
	return is
}

// TestLabelsAreReadOffTheSource: what can't be read would be held to nothing.
func TestLabelsAreReadOffTheSource(t *testing.T) {
	for sentence, test := range map[string]struct {
		source string
		want   []string
	}{
		"of a vector":                 {`var _ = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "registry_failover_x"}, []string{"a", "b"})`, []string{"a", "b"}},
		"by a name":                   {`func f() { of := []string{"a"}; prometheus.NewCounterVec(prometheus.CounterOpts{Name: "registry_failover_x"}, of) }`, []string{"a"}},
		"by a name, and one more":     {`func f() { of := []string{"a"}; prometheus.NewCounterVec(prometheus.CounterOpts{Name: "registry_failover_x"}, append(of, "b")) }`, []string{"a", "b"}},
		"of a description":            {`var _ = prometheus.NewDesc("registry_failover_x", "X.", []string{"a"}, nil)`, []string{"a"}},
		"that are always the same":    {`func f() { with := prometheus.Labels{"a": g()}; h(prometheus.GaugeOpts{Name: "registry_failover_x", ConstLabels: with}) }`, []string{"a"}},
		"none":                        {`var _ = prometheus.NewGauge(prometheus.GaugeOpts{Name: "registry_failover_x"})`, nil},
		"that a closure is given":     {`func f() { vec := func(name string, labels ...string) any { return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name}, labels) }; vec("registry_failover_x", "a", "b") }`, []string{"a", "b"}},
		"that a closure gives itself": {`func f() { vec := func(name string) any { return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name}, []string{"a"}) }; vec("registry_failover_x") }`, []string{"a"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+test.source, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			found := declaredMetrics([]*ast.File{file})
			if len(found) != 1 || !slices.Equal(found[0].labels, test.want) {
				t.Errorf("got %+v, want %q", found, test.want)
			}
		})
	}
}

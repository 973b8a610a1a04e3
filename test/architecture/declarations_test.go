package architecture

import (
	"go/ast"
	"go/token"
	"maps"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// A metric is one as the source declares it. A name or help text that can't be
// read off the source is "".
type metric struct {
	kind, name, help string // kind is CounterOpts, GaugeOpts, … or NewDesc
	labels           []string
	position         token.Pos
}

// values are strings by the name of the constant or parameter that holds them.
type values map[string]string

// A maker is a function of ours that makes a metric of a name it is given.
type maker struct {
	params []string
	opts   ast.Node
	// given says that the labels are the arguments after the parameters but the last.
	given bool
}

// declaredMetrics finds the metrics in the files of one package:
// prometheus.…Opts{Name: …, Help: …}, prometheus.NewDesc(name, help, …), and
// calls of a function or closure that does either with its own parameters.
func declaredMetrics(files []*ast.File) []metric {
	constants := stringConstants(files)
	labels := labelsOf(files, constants)
	makers := map[string]maker{}
	inside := map[ast.Node]bool{} // what belongs to a maker
	each(files, func(node ast.Node) {
		name, function, body := functionOf(node)
		if name == "" || body == nil {
			return
		}
		params := paramNames(function)
		ast.Inspect(body, func(inner ast.Node) bool {
			given := values{}
			for _, p := range params {
				given[p] = "given"
			}
			with, _ := readMetric(inner, merged(constants, given))
			without, ok := readMetric(inner, constants)
			if ok && with.name != "" && without.name == "" {
				_, fixed := labels[inner]
				makers[name] = maker{params, inner, !fixed && isVariadic(function)}
				inside[inner] = true
			}
			return true
		})
	})

	var found []metric
	each(files, func(node ast.Node) {
		if m, ok := readMetric(node, constants); ok && !inside[node] {
			m.labels = labels[node]
			found = append(found, m)
		}
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return
		}
		if callee, ok := call.Fun.(*ast.Ident); ok && makers[callee.Name].opts != nil {
			given := values{}
			for i, p := range makers[callee.Name].params {
				if i < len(call.Args) {
					given[p] = constantString(call.Args[i], constants)
				}
			}
			made := makers[callee.Name]
			m, _ := readMetric(made.opts, merged(constants, given))
			m.position, m.labels = call.Pos(), labels[made.opts]
			if first := len(made.params) - 1; made.given && len(call.Args) >= first {
				for _, argument := range call.Args[first:] {
					m.labels = append(m.labels, constantString(argument, constants))
				}
			}
			found = append(found, m)
		}
	})
	return found
}

// readMetric reads the node itself, with what is known of names in it.
func readMetric(node ast.Node, known values) (metric, bool) {
	switch node := node.(type) {
	case *ast.CompositeLit:
		kind := prometheusName(node.Type)
		if !strings.HasSuffix(kind, "Opts") {
			return metric{}, false
		}
		fields := values{}
		for _, element := range node.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				if key, ok := pair.Key.(*ast.Ident); ok {
					fields[key.Name] = constantString(pair.Value, known)
				}
			}
		}
		if _, named := fields["Name"]; !named {
			return metric{}, false // such as ProcessCollectorOpts
		}
		name := prometheus.BuildFQName(fields["Namespace"], fields["Subsystem"], fields["Name"])
		return metric{kind: kind, name: name, help: fields["Help"], position: node.Pos()}, true
	case *ast.CallExpr:
		if prometheusName(node.Fun) != "NewDesc" || len(node.Args) < 2 {
			return metric{}, false
		}
		return metric{kind: "NewDesc", name: constantString(node.Args[0], known), help: constantString(node.Args[1], known), position: node.Pos()}, true
	}
	return metric{}, false
}

// functionOf returns the name, type and body of a declared function, or of a
// closure where it gets its name.
func functionOf(node ast.Node) (string, *ast.FuncType, *ast.BlockStmt) {
	switch node := node.(type) {
	case *ast.FuncDecl:
		return node.Name.Name, node.Type, node.Body
	case *ast.AssignStmt:
		if name, ok := node.Lhs[0].(*ast.Ident); ok {
			if closure, ok := node.Rhs[0].(*ast.FuncLit); ok {
				return name.Name, closure.Type, closure.Body
			}
		}
	}
	return "", nil, nil
}

func paramNames(function *ast.FuncType) []string {
	var names []string
	for _, field := range function.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// prometheusName returns X of prometheus.X, else "".
func prometheusName(expression ast.Expr) string {
	selector, ok := expression.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := selector.X.(*ast.Ident); !ok || pkg.Name != "prometheus" {
		return ""
	}
	return selector.Sel.Name
}

// stringConstants collects the constants of a package, as far as they can be
// read from top to bottom.
func stringConstants(files []*ast.File) values {
	constants := values{}
	each(files, func(node ast.Node) {
		declaration, ok := node.(*ast.GenDecl)
		if !ok || declaration.Tok != token.CONST {
			return
		}
		for _, spec := range declaration.Specs {
			constant := spec.(*ast.ValueSpec)
			for i, value := range constant.Values {
				if text := constantString(value, constants); text != "" {
					constants[constant.Names[i].Name] = text
				}
			}
		}
	})
	return constants
}

// constantString evaluates literals, known names and their sums; "" is anything else.
func constantString(expression ast.Expr, known values) string {
	switch expression := expression.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(expression.Value)
		if err == nil && expression.Kind == token.STRING {
			return value
		}
	case *ast.Ident:
		return known[expression.Name]
	case *ast.BinaryExpr:
		left, right := constantString(expression.X, known), constantString(expression.Y, known)
		if expression.Op == token.ADD && left != "" && right != "" {
			return left + right
		}
	}
	return ""
}

func merged(a, b values) values {
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}

// each visits every node of the files.
func each(files []*ast.File, visit func(ast.Node)) {
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			if node != nil {
				visit(node)
			}
			return true
		})
	}
}

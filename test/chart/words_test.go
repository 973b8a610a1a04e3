package chart

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// words are the constants of each string type of pkg/config and pkg/zone, sorted, by the type's name.
func words(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, name := range []string{"config", "zone"} {
		files, err := filepath.Glob(repository + "/pkg/" + name + "/*.go")
		if err != nil || files == nil {
			t.Fatalf("pkg/%s has the files %v: %v", name, files, err)
		}
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				spec, isSpec := n.(*ast.ValueSpec)
				if !isSpec {
					return true
				}
				ofType, typed := spec.Type.(*ast.Ident)
				if !typed || len(spec.Values) != 1 {
					return true
				}
				if text, isText := spec.Values[0].(*ast.BasicLit); isText && text.Kind == token.STRING {
					word, err := strconv.Unquote(text.Value)
					if err != nil {
						t.Fatal(err)
					}
					found[name+"."+ofType.Name] = append(found[name+"."+ofType.Name], word)
				}
				return true
			})
		}
	}
	for _, list := range found {
		slices.Sort(list)
	}
	return found
}

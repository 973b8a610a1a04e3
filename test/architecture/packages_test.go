package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is the import path of this repository.
const module = "github.com/registry-failover/registry-failover"

// A goPackage is what `go list -json` tells about a package. Test files are
// told apart: what they import binds nobody.
type goPackage struct {
	ImportPath   string
	Name         string
	Dir          string
	Imports      []string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

// local is the package's path inside the repository, "" for one from elsewhere.
func (p goPackage) local() string {
	path, ok := strings.CutPrefix(p.ImportPath, module+"/")
	if !ok {
		return ""
	}
	return path
}

// A graph holds packages by import path, with everything they depend on.
type graph map[string]goPackage

// load lists the repository's packages and their dependencies as they are
// built for Linux, which is what is shipped, whatever the test runs on.
var load = sync.OnceValues(func() (graph, error) {
	list := exec.Command("go", "list", "-deps",
		"-json=ImportPath,Name,Dir,Imports,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	list.Dir = root
	list.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, errors.New("go list: " + string(exit.Stderr))
		}
		return nil, err
	}
	g := graph{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, err
		}
		g[p.ImportPath] = p
	}
})

// packages gives the graph, or ends the test with go list's message.
func packages(t *testing.T) graph {
	t.Helper()
	g, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// root is the repository's root folder, seen from this package's.
const root = "../.."

// productionFiles gives all Go files of this module that aren't tests, as
// paths below root, whatever platform they are for. Folders with a go.mod of
// their own are other modules. That the files are opened in this process,
// here or by the caller, tells `go test` not to reuse a result when one changes.
func productionFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root {
			name := entry.Name()
			if strings.HasPrefix(name, ".") || name == "testdata" {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir
			}
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

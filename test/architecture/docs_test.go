package architecture

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxFileSize is where a file has more than one subject, by experience.
const maxFileSize = 20_000

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if p.local() == "" {
			continue
		}
		files := p.GoFiles
		if len(files) == 0 {
			files = slices.Concat(p.TestGoFiles, p.XTestGoFiles)
		}
		if doc := packageDoc(t, p.Dir, files); !describes(doc, p.Name) {
			t.Errorf("%s has no package comment that says what it is for (for a library it starts with %q): %q",
				p.local(), "Package "+p.Name, doc)
		}
	}
}

// packageDoc returns the package comment, or comments, of a package's files.
func packageDoc(t *testing.T, dir string, files []string) string {
	t.Helper()
	var doc strings.Builder
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		doc.WriteString(file.Doc.Text())
	}
	return doc.String()
}

// describes tells whether a comment is one for the package of that name.
func describes(doc, name string) bool {
	if name == "main" {
		return strings.TrimSpace(doc) != ""
	}
	return strings.HasPrefix(doc, "Package "+name+" ")
}

func TestFilesStaySmall(t *testing.T) {
	for _, path := range productionFiles(t) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(content) > maxFileSize {
			t.Errorf("%s has %d bytes, more than %d: a file has one subject, split it", path, len(content), maxFileSize)
		}
	}
}

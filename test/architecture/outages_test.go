package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testLink is a test, or one of its steps, and the file that has it.
var testLink = regexp.MustCompile(`\[(Test\w+)(?:/([^\]]+))?\]\(\.\./([^)]+_test\.go)\)`)

// TestEveryOutageHasItsTest holds that each line of docs/outages.md, and of the
// cloud's faults in docs/cloud.md, names tests, that the file of each exists, and has
// the test or the step. The step's test is in the same directory.
func TestEveryOutageHasItsTest(t *testing.T) {
	for page, least := range map[string]int{"outages.md": 20, "cloud.md#Faults": 15} {
		t.Run(page, func(t *testing.T) { checkOutages(t, page, least) })
	}
}

// checkOutages looks at the tables of a page, or of its section, which have at least
// so many lines.
func checkOutages(t *testing.T, page string, least int) {
	file, section, only := strings.Cut(page, "#")
	content, err := os.ReadFile(filepath.Join("../../docs", file))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	if only {
		_, text, _ = strings.Cut(text, "\n## "+section+"\n")
		text, _, _ = strings.Cut(text, "\n## ")
	}
	rows := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| --- ") || strings.HasPrefix(line, "| when this ") {
			continue
		}
		rows++
		seenBy := line[strings.LastIndex(line, " | ")+1:]
		links := testLink.FindAllStringSubmatch(seenBy, -1)
		if len(links) == 0 || len(links) != strings.Count(seenBy, "](") {
			t.Errorf("a line names no test, or something else: %s", line)
		}
		for _, link := range links {
			name, step, file := link[1], link[2], link[3]
			content, err := os.ReadFile(filepath.Join("../..", file))
			if err != nil {
				t.Error(err)
				continue
			}
			if step != "" && !strings.Contains(string(content), `"`+step+`"`) {
				t.Errorf("%s has no step %q", file, step)
			}
			if !hasTest(t, filepath.Join("../..", file), name, step != "") {
				t.Errorf("%s has no %s", file, name)
			}
		}
	}
	if rows < least {
		t.Errorf("only %d lines were found", rows)
	}
}

// hasTest looks for a test in a file, or in any of the same directory.
func hasTest(t *testing.T, file, name string, anywhere bool) bool {
	t.Helper()
	files := []string{file}
	if anywhere {
		var err error
		if files, err = filepath.Glob(filepath.Join(filepath.Dir(file), "*_test.go")); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "\nfunc "+name+"(t *testing.T) {") {
			return true
		}
	}
	return false
}

// Package doctable keeps tables in the documents as tests know them: what a page says of
// a decision is what the decision's test has asserted.
package doctable

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Check compares a table with what stands in the page between the lines
// "<!-- name -->" and "<!-- end of name -->", or with update writes it there. Rows
// are in their order; the first is the head.
func Check(t *testing.T, page, name string, rows [][]string, update bool) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	old, after, ends := strings.Cut(rest, end)
	if !found || !ends {
		t.Fatalf("%s has no markers for the table %q", page, name)
	}
	table := render(rows)
	if update {
		if err := os.WriteFile(page, []byte(before+begin+table+end+after), 0o644); err != nil { //nolint:gosec // a page of the repository
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table, old); diff != "" {
		t.Errorf("run `go test . -update` here: %s", diff)
	}
}

// render gives the table as Markdown has it, with blank lines around it.
func render(rows [][]string) string {
	var b strings.Builder
	b.WriteString("\n")
	for n, row := range rows {
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if n == 0 {
			b.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
	b.WriteString("\n")
	return b.String()
}

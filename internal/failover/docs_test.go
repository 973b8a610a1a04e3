package failover

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the tables into docs/automatic.md")

// TestTheDocumentShowsTheDecisionTable keeps docs/automatic.md equal to the rows that are tested.
func TestTheDocumentShowsTheDecisionTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| switch | PrivateZone | zhangjiakou | hangzhou | images | before | decision |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range decisionTable {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.sw, r.zone, r.primary, r.standby, r.ready, r.before, r.want)
	}
	document(t, "decision table", b.String())
}

func TestTheDocumentShowsTheReasons(t *testing.T) {
	var b strings.Builder
	b.WriteString("| reason | meaning |\n| --- | --- |\n")
	for _, h := range Holds {
		fmt.Fprintf(&b, "| `%s` | %s |\n", h, h.Sentence())
	}
	document(t, "reasons", b.String())
}

// document holds the part of the document between two markers to a text, or writes it.
func document(t *testing.T, name, text string) {
	t.Helper()
	const file = "../../docs/automatic.md"
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	old, after, found2 := strings.Cut(rest, end)
	if !found || !found2 {
		t.Fatalf("%s has no markers for the %s", file, name)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+text+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, old); diff != "" {
		t.Errorf("run `go test ./internal/failover -update`: %s", diff)
	}
}

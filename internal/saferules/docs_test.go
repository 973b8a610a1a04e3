package saferules

import (
	"os"
	"strings"
	"testing"
)

func TestTheDocumentHasASectionForEachRule(t *testing.T) {
	page, err := os.ReadFile("../../docs/failover.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Rules() {
		if n := strings.Count(string(page), "\n### "+string(r.Name)+"\n"); n != 1 {
			t.Errorf("%s has %d sections", r.Name, n)
		}
		decided := false
		for _, d := range decisions {
			decided = decided || d.rule == r.Name
		}
		if !decided {
			t.Errorf("%s is in no row of the decision table", r.Name)
		}
	}
}

package checks

import (
	"cmp"
	"fmt"
	"slices"
)

// Most puts the findings in order, the worst first, and tells by number what comes
// after the first told.
func Most(findings []Finding, told int) []Finding {
	rank := func(f Finding) int { return -slices.Index(levels, f.Level) }
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Subject, b.Subject))
	})
	if len(findings) <= told {
		return findings
	}
	rest := findings[told:]
	more := Finding{Level: rest[0].Level, Text: fmt.Sprintf("there are %d more", len(rest))}
	if more.Level != OK {
		more.Remedy = "look again when the others are right"
	}
	return append(findings[:told:told], more)
}

package checks

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func found(findings ...Finding) func(context.Context) []Finding {
	return func(context.Context) []Finding { return findings }
}

func TestACheckThatFindsNothingIsNotFine(t *testing.T) {
	results := Run(t.Context(), []Check{{Code: "A", Run: found()}})
	if got := results[0].Level(); got != Unknown {
		t.Errorf("got %s", got)
	}
}

func TestTheWorstFindingIsTheLevel(t *testing.T) {
	tests := map[string]struct {
		findings []Finding
		want     Level
	}{
		"nothing at all":           {nil, OK},
		"fine":                     {[]Finding{{Level: OK}}, OK},
		"one that isn't known":     {[]Finding{{Level: Unknown}, {Level: OK}}, Unknown},
		"a warning beside unknown": {[]Finding{{Level: Warning}, {Level: Unknown}}, Warning},
		"a failure above all":      {[]Finding{{Level: OK}, {Level: Failed}, {Level: Warning}}, Failed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (Result{Findings: test.findings}).Level(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestTheTextNamesTheSubjectAndTheRemedy(t *testing.T) {
	results := Run(t.Context(), []Check{
		{Code: "ONE", About: "one thing", Run: found(
			Finding{Level: OK, Endpoint: "cross-region.registry.io", Subject: "hangzhou/public", Text: "it is so"},
			Finding{Level: Failed, Subject: "constraint/repos", Text: "it isn't", Remedy: "make it so"},
		)},
		{Code: "TWO", About: "another", Run: found(
			Finding{Level: Warning, Endpoint: "cross-region.registry.io", Text: "perhaps", Remedy: "look"},
			Finding{Level: Unknown, Text: "nobody knows", Remedy: "give credentials"},
		)},
	})
	const want = `ONE  one thing
  √ cross-region.registry.io hangzhou/public: it is so
  × constraint/repos: it isn't
      → make it so
TWO  another
  ‼ cross-region.registry.io: perhaps
      → look
  ? nobody knows
      → give credentials
`
	var text strings.Builder
	WriteText(&text, results)
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestWhatSeveralHaveInCommonIsToldOnce(t *testing.T) {
	same := Finding{Level: Unknown, Text: "no credentials", Remedy: "give some"}
	results := Run(t.Context(), []Check{
		{Code: "ONE", About: "one thing", Run: found(same)},
		{Code: "TWO", About: "another", Run: found(same)},
		{Code: "THREE", About: "a third", Run: found(same, same)},
	})
	const want = `ONE  one thing
TWO  another
  ? no credentials
      → give some
THREE  a third
  ? no credentials
      → give some
  ? no credentials
      → give some
`
	var text strings.Builder
	WriteText(&text, results)
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestChecksAreWithheldWithTheirReason(t *testing.T) {
	given := []Check{{Code: "ONE", About: "one thing", Run: found(Finding{Level: OK})}}
	want := []Result{{Code: "ONE", About: "one thing", Findings: []Finding{{Level: Unknown, Text: "no credentials", Remedy: "give some"}}, Docs: "docs/checks.md#one"}}
	if diff := cmp.Diff(want, Run(t.Context(), Withhold(given, "no credentials", "give some"))); diff != "" {
		t.Error(diff)
	}
	if Run(t.Context(), given)[0].Level() != OK {
		t.Error("the checks that were given have changed")
	}
}

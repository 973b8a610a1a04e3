package precheck

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
)

var foreign = checks.Finding{
	Level: checks.Failed, Endpoint: "cross-region.registry.io", Text: "answers as cri-ccccc", Remedy: "correct the record",
}

// rounds gives one finding in each round, the last one in all that follow, and
// tells how many there were.
func rounds(findings ...checks.Finding) (func() []checks.Check, *int) {
	n := 0
	return func() []checks.Check {
		f := findings[min(n, len(findings)-1)]
		n++
		return []checks.Check{
			{Code: "FIRST", Run: func(context.Context) []checks.Finding { return []checks.Finding{{Level: checks.OK, Text: "fine"}} }},
			{Code: "SECOND", Run: func(context.Context) []checks.Finding { return []checks.Finding{f} }},
		}
	}, &n
}

func TestRun(t *testing.T) {
	for sentence, test := range map[string]struct {
		findings []checks.Finding
		rounds   int
		took     time.Duration
		want     string // the error
	}{
		"all is well":                       {[]checks.Finding{{Level: checks.OK}}, 1, 0, ""},
		"a warning holds nothing up":        {[]checks.Finding{{Level: checks.Warning}}, 1, 0, ""},
		"what isn't known holds nothing up": {[]checks.Finding{{Level: checks.Unknown}}, 1, 0, ""},
		"a failure that passes by itself":   {[]checks.Finding{foreign, foreign, {Level: checks.OK}}, 3, 4 * time.Second, ""},
		"a failure that stays stops it at last": {[]checks.Finding{foreign}, 4, 6 * time.Second,
			"cross-region.registry.io: answers as cri-ccccc: every new pod would break, so that nothing is installed or changed: correct the record"},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list, n := rounds(test.findings...)
				var out strings.Builder
				begin := time.Now()
				err := Run(t.Context(), Options{Checks: list, Out: &out, Patience: 7 * time.Second, Pause: 2 * time.Second})
				got := ""
				if err != nil {
					got = err.Error()
				}
				if got != test.want || *n != test.rounds || time.Since(begin) != test.took {
					t.Errorf("%d rounds in %s: %q", *n, time.Since(begin), got)
				}
				if strings.Count(out.String(), "FIRST") != 1 {
					t.Errorf("the report isn't that of one round:\n%s", out.String())
				}
			})
		})
	}
}

// TestARoundThatTakesLongIsNotTheLast: an instance that is silent takes 5 s of each.
func TestARoundThatTakesLongIsNotTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list, n := rounds(foreign, checks.Finding{Level: checks.OK})
		slow := func() []checks.Check {
			time.Sleep(5 * time.Second)
			return list()
		}
		err := Run(t.Context(), Options{Checks: slow, Out: io.Discard, Patience: 3 * time.Second, Pause: time.Second})
		if err != nil || *n != 2 {
			t.Errorf("%d rounds: %v", *n, err)
		}
	})
}

func TestAnEndInBetweenIsNoVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		list, _ := rounds(foreign)
		var out strings.Builder
		err := Run(ctx, Options{Checks: list, Out: &out, Patience: time.Minute, Pause: 2 * time.Second})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(out.String(), "answers as cri-ccccc") {
			t.Errorf("%v:\n%s", err, out.String())
		}
	})
}

func TestAForeignServerWritesNoCommandsForTerminals(t *testing.T) {
	hostile := foreign
	hostile.Text = "answers as \x1b[31mcri\u202e\r\n  √ all is well"
	list, _ := rounds(hostile)
	var out strings.Builder
	err := Run(t.Context(), Options{Checks: list, Out: &out})
	if text := out.String() + err.Error(); strings.ContainsAny(text, "\x1b\r\u202e") || strings.Contains(text, "\n  √ all") || !strings.Contains(text, "[31mcri") {
		t.Errorf("%q", text)
	}
}

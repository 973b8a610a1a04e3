package precheck

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/registry-failover/registry-failover/internal/checks"
)

// Options are what Run needs; all are required.
type Options struct {
	// Checks gives new checks for each round, because they keep what they have seen.
	Checks func() []checks.Check
	// Out gets the report of the last round, for people.
	Out io.Writer
	// Patience is how long it is tried again while a check fails, from the end of the
	// first round, which an instance that is silent makes long: DNS may hiccup.
	Patience time.Duration
	// Pause is between two rounds.
	Pause time.Duration
}

// Run makes the checks until none fails, or patience is over. An error is one
// sentence about the first that fails. Warnings, and what couldn't be
// looked at, hold nothing up: an upgrade must be possible during an outage.
func Run(ctx context.Context, o Options) error {
	var end time.Time
	for {
		results := printable(checks.Run(ctx, o.Checks()))
		if end.IsZero() {
			end = time.Now().Add(o.Patience)
		}
		failed, fails := first(results)
		if fails && time.Now().Add(o.Pause).Before(end) && wait(ctx, o.Pause) {
			continue
		}
		var report strings.Builder
		checks.WriteText(&report, results)
		if _, err := io.WriteString(o.Out, report.String()); err != nil {
			return err
		}
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("the checks were ended before they were done: %w", context.Cause(ctx))
		case fails:
			return refusal(failed)
		}
		return nil
	}
}

// refusal tells why new pods would break.
func refusal(f checks.Finding) error {
	about := ""
	if f.Endpoint != "" && !strings.HasPrefix(f.Text, f.Endpoint) {
		about = f.Endpoint + ": "
	}
	return fmt.Errorf("%s%s: every new pod would break, so that nothing is installed or changed: %s", about, f.Text, f.Remedy)
}

// printable replaces what a terminal could take for a command, and ends of lines, by
// which a text could pass for other findings: a foreign server has a say in the texts.
func printable(results []checks.Result) []checks.Result {
	plain := func(text string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return unicode.ReplacementChar
		}, text)
	}
	for _, r := range results {
		for i := range r.Findings {
			f := &r.Findings[i]
			f.Subject, f.Text, f.Remedy = plain(f.Subject), plain(f.Text), plain(f.Remedy)
		}
	}
	return results
}

// first is the first finding that fails.
func first(results []checks.Result) (checks.Finding, bool) {
	for _, r := range results {
		for _, f := range r.Findings {
			if f.Level == checks.Failed {
				return f, true
			}
		}
	}
	return checks.Finding{}, false
}

// wait returns false when ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

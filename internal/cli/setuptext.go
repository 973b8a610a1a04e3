package cli

import (
	"fmt"
	"io"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/setup"
)

// writeTodo writes a plan for people.
func writeTodo(w io.Writer, t setupTodo) {
	if len(t.Steps)+len(t.Waiting)+len(t.Open) == 0 {
		fmt.Fprintln(w, "Nothing is to do.")
		return
	}
	if len(t.Steps) > 0 {
		fmt.Fprintln(w, "CALLS")
	}
	for n, s := range t.Steps {
		fmt.Fprintf(w, "%3d %s\n    because %s\n    opens   %s\n    right   %s\n", n+1, s.Call, s.Why, s.Opens, s.Right)
	}
	writeRest(w, t)
}

// writeRest writes what the calls leave.
func writeRest(w io.Writer, t setupTodo) {
	if len(t.Waiting) > 0 {
		fmt.Fprintln(w, "WAITING")
	}
	for _, s := range t.Waiting {
		fmt.Fprintf(w, "  %s %s: %s\n    because %s\n    give    %s\n", s.Endpoint, s.Subject, s.Action, s.Why, s.For)
	}
	if len(t.Open) > 0 {
		fmt.Fprintln(w, "BY HAND, because no call here does it, or something is there that stays as it is")
		checks.WriteText(w, t.Open)
	}
}

// writeLeft writes what a new reading says after the calls.
func writeLeft(w io.Writer, t setupTodo) {
	fmt.Fprintln(w)
	if len(t.Steps)+len(t.Waiting)+len(t.Open) == 0 {
		fmt.Fprintln(w, "AFTERWARDS nothing is to do.")
		return
	}
	fmt.Fprintln(w, "AFTERWARDS, as it was read again:")
	for _, s := range t.Steps {
		fmt.Fprintf(w, "  still to do: %s\n", s.Call)
	}
	writeRest(w, t)
}

// told is an outcome in one line.
func told(o setup.Outcome) string {
	line := fmt.Sprintf("%s: %s", o.Step.Call.Action(), o.Result)
	if o.Reason != "" {
		line += ": " + o.Reason
	}
	return line
}

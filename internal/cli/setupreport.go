package cli

import (
	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/setup"
)

// setupReport is what setup -o json prints.
type setupReport struct {
	Applied bool `json:"applied"`
	setupTodo
	// Left is what a new reading says after the calls; absent where none was made.
	Left *setupTodo `json:"left,omitempty"`
}

type setupTodo struct {
	Steps   []setupStep     `json:"steps"`
	Waiting []setupWaiting  `json:"waiting"`
	Open    []checks.Result `json:"open"`
}

type setupStep struct {
	Action     string              `json:"action"`
	Parameters []alibaba.Parameter `json:"parameters"`
	// Call is the two above in one line.
	Call     string      `json:"call"`
	Right    string      `json:"right"`
	Check    checks.Code `json:"check"`
	Endpoint string      `json:"endpoint"`
	Why      string      `json:"why"`
	Opens    string      `json:"opens"`
	// Result is empty before the call.
	Result setup.Result `json:"result,omitempty"`
	Reason string       `json:"reason,omitempty"`
}

type setupWaiting struct {
	Action   string      `json:"action"`
	Check    checks.Code `json:"check"`
	Endpoint string      `json:"endpoint"`
	Subject  string      `json:"subject"`
	Why      string      `json:"why"`
	For      string      `json:"for"`
}

// reportTodo escapes what the cloud has said, in JSON too: people read it.
func reportTodo(t setup.Todo) setupTodo {
	r := setupTodo{Steps: []setupStep{}, Waiting: []setupWaiting{}, Open: []checks.Result{}}
	for _, s := range t.Steps {
		r.Steps = append(r.Steps, setupStep{
			Action: s.Call.Action(), Parameters: s.Call.Parameters(), Call: escape(s.Call.String()), Right: s.Call.Right(),
			Check: s.Check, Endpoint: s.Endpoint, Why: escape(s.Why), Opens: escape(s.Opens),
		})
	}
	for _, w := range t.Waiting {
		r.Waiting = append(r.Waiting, setupWaiting{w.Action, w.Check, w.Endpoint, escape(w.Subject), escape(w.Why), escape(w.For)})
	}
	for _, o := range t.Open {
		for i := range o.Findings {
			f := &o.Findings[i]
			f.Subject, f.Text, f.Remedy = escape(f.Subject), escape(f.Text), escape(f.Remedy)
		}
		r.Open = append(r.Open, o)
	}
	return r
}

// add notes the outcome of a step, and returns its number.
func (r *setupReport) add(o setup.Outcome) int {
	for n := range r.Steps {
		if s := &r.Steps[n]; s.Result == "" {
			s.Result, s.Reason = o.Result, escape(o.Reason)
			return n + 1
		}
	}
	return 0
}

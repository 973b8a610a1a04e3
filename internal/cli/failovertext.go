package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/internal/switching"
)

// switchResult is what failover and failback print as JSON.
type switchResult struct {
	Endpoint string `json:"endpoint"`
	Verb     string `json:"verb"`
	// Before is the value that stood there.
	Before string `json:"before"`
	// Target is where to, as a word with its network.
	Target string `json:"target"`
	DryRun bool   `json:"dryRun"`
	// Moves says that anything is led elsewhere; else no rule is asked.
	Moves bool                `json:"moves"`
	Rules []saferules.Verdict `json:"rules"`
	Steps []switching.Done    `json:"steps"`
	// Undo is a command; empty where nothing was written.
	Undo  string   `json:"undo"`
	Notes []string `json:"notes"`
	// Problem is the sentence to an exit code other than 0.
	Problem string `json:"problem"`
}

func (r switchResult) written() bool {
	for _, d := range r.Steps {
		if d.Written {
			return true
		}
	}
	return false
}

func writeSwitch(w io.Writer, r switchResult) {
	fmt.Fprintf(w, "%s: %s → %s\n", visible(r.Endpoint), oneLine(r.Before), visible(r.Target))
	if !r.Moves {
		fmt.Fprintln(w, "  √ the switch leads there already")
	}
	for _, v := range r.Rules {
		writeRule(w, v)
	}
	for _, d := range r.Steps {
		writeStep(w, r, d)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "‼ %s\n", escape(note))
	}
	if r.Undo != "" {
		fmt.Fprintf(w, "to undo it:\n  %s\n", escape(r.Undo))
	}
}

// oneLine is a value of the switch for people.
func oneLine(value string) string {
	return visible(strings.Join(strings.Split(strings.TrimSpace(value), "\n"), ", "))
}

func writeRule(w io.Writer, v saferules.Verdict) {
	mark, text := "√", v.Why
	switch v.Outcome {
	case saferules.NobodyKnows:
		mark, text = "×", "nobody knows: "+text
	case saferules.Fail:
		mark = "×"
	case saferules.Skipped:
		mark, text = "‼", "not asked: "+text
	}
	if v.Overridden {
		mark, text = "‼", "overridden: "+text
	}
	fmt.Fprintf(w, "  %s %s: %s\n", mark, v.Rule, escape(text))
	if v.Stops() {
		fmt.Fprintf(w, "      → %s\n", escape(v.Remedy))
	}
}

func writeStep(w io.Writer, r switchResult, d switching.Done) {
	what := "all nodes"
	if d.Share != switching.All {
		what = fmt.Sprintf("%d %% of the nodes", d.Share)
	}
	switch p := d.Proof; {
	case p == nil && r.DryRun && r.Problem == "":
		fmt.Fprintf(w, "  would write: %s\n", oneLine(d.Value))
	case p == nil && !r.written(): // which the rules tell
	case p == nil:
		fmt.Fprintf(w, "  not written: %s\n", oneLine(d.Value))
	case !p.Proven:
		fmt.Fprintf(w, "  × %s: %s\n", what, escape(p.Problem))
		writeNodes(w, "      ", p.Waiting)
		writeNodes(w, "      ", p.Others)
		writeAway(w, p.Away)
	case p.Nodes == 0:
		fmt.Fprintf(w, "  ‼ %s: no node reports\n", what)
	default:
		fmt.Fprintf(w, "  √ %s: %s\n", what, escape(p.Sentence()))
		writeAway(w, p.Away)
	}
}

// writeAway tells of nodes that hold nothing up.
func writeAway(w io.Writer, nodes []rollout.Node) {
	if len(nodes) > 0 {
		fmt.Fprintf(w, "  ‼ %s not ready, and not waited for:\n", several(len(nodes), "node is", "nodes are"))
		writeNodes(w, "      ", nodes)
	}
}

package cli

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/registry-failover/registry-failover/internal/drill"
)

// drillResult is what drill prints as JSON.
type drillResult struct {
	drill.Report
	DryRun bool `json:"dryRun"`
	// Value is what the switch said, or would say, while the nodes were led there; empty without --nodes.
	Value string `json:"value"`
	// Recorded says that the record of drills has it.
	Recorded bool `json:"recorded"`
	// Problem says why the drill isn't a success, or isn't recorded; else it is empty.
	Problem string `json:"problem"`
}

var drillMarks = map[drill.Outcome]string{drill.Passed: "√", drill.Failed: "×", drill.Unknown: "?", drill.Skipped: "-"}

func writeDrill(w io.Writer, r drillResult) error {
	if r.DryRun {
		fmt.Fprintf(w, "%s to %s: nothing is written or waited for\n", visible(r.Endpoint), visible(r.Target))
	} else {
		fmt.Fprintf(w, "%s to %s: a drill of %.0f s\n", visible(r.Endpoint), visible(r.Target), r.Seconds)
	}
	for _, p := range r.Parts {
		fmt.Fprintf(w, "  %s %-8s  %s\n", drillMarks[p.Outcome], p.Part, escape(p.Text))
		for _, detail := range p.Details {
			fmt.Fprintf(w, "      %s\n", escape(detail))
		}
	}
	if len(r.Recovery) == 0 {
		return nil
	}
	until := "a new pod has its image"
	if !slices.ContainsFunc(r.Recovery, func(s drill.Stage) bool { return s.Stage == drill.PullStage }) {
		until = "the pull of a new pod begins"
	}
	fmt.Fprintf(w, "from the first dropped packet until %s: at most %.1f s\n", until, drill.Total(r.Recovery))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range r.Recovery {
		fmt.Fprintf(table, "  %s\t%.1f s\t%s\t%s\n", s.Stage, s.Seconds, s.Source, escape(s.Text))
	}
	return table.Flush()
}

package writeback

import (
	"strings"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// rehearse shows what the switch as it is would do, and what a switch to each
// other instance would. Nothing is written.
func (e *endpoint) rehearse(in Input, st zone.State) {
	e.status.DryRun = map[string][]string{e.target: calls(in)}
	for _, i := range e.Instances {
		target := zone.Target{Instance: i.Name, Network: i.Network}
		records, err := e.Records(target, st)
		if err != nil || empty(records) {
			continue
		}
		in.Want = records
		e.status.DryRun[target.String()] = calls(in)
	}
	var lines []string
	for _, word := range e.Words() {
		if all, there := e.status.DryRun[word]; there {
			lines = append(lines, word+": "+strings.Join(all, "; "))
		}
	}
	text := strings.Join(lines, "\n")
	if text != e.shown {
		e.shown = text
		e.Log.Info("a dry run: this would be called", "endpoint", e.Name, "zone", in.Zone.ID, "switch", e.target, "calls", e.status.DryRun)
	}
}

func calls(in Input) []string {
	all, err := Rehearse(in)
	texts := []string{}
	for _, c := range all {
		texts = append(texts, c.String())
	}
	if err != nil {
		texts = append(texts, "refused: "+err.Error())
	}
	return texts
}

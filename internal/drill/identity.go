package drill

import (
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// Probers are the probers' Leases as they were when the drill began, and are now.
type Probers struct {
	Before, Now []coordinationv1.Lease
	// At is when they are so now.
	At time.Time
}

// Seen judges the part [Identity] by what the probers have reported since the drill began: a
// report counts when its Lease was renewed since, by whichever clock. Waiting are nodes whose
// prober hasn't yet; one whose report is old is passed over, as its prober is no more.
func Seen(key healthreport.Key, p Probers) (part Part, waiting []string) {
	part = Part{Part: Identity, Details: []string{}}
	old := healthreport.Old(p.Now, p.At)
	before := map[string]time.Time{}
	for _, l := range p.Before {
		before[l.Name] = healthreport.Renewed(l)
	}
	seen, well, slowest, unnamed := 0, 0, int64(0), 0
	for _, l := range p.Now {
		node := "the prober " + l.Name
		if l.Spec.HolderIdentity != nil {
			node = *l.Spec.HolderIdentity
		}
		at := healthreport.Renewed(l)
		if was, known := before[l.Name]; known && !at.After(was) {
			if !old(l) {
				waiting = append(waiting, node)
			}
			continue
		}
		seen++
		found, why := of(l, key)
		switch {
		case why != "":
			part.Details = append(part.Details, node+": "+why)
		case found.Level != healthreport.Healthy:
			part.Details = append(part.Details, fmt.Sprintf("%s: %s: %s", node, found.Level, found.Reason))
		default:
			well++
			slowest = max(slowest, found.LatencyMillis)
			if !found.Named {
				unnamed++
			}
		}
	}
	slices.Sort(part.Details)
	slices.Sort(waiting)
	all := seen + len(waiting)
	switch {
	case all == 0:
		part.Outcome, part.Text = Unknown, "no prober reports: prober.enabled is false in the chart's values, or none runs"
	case seen == 0 || seen == well && len(waiting) > 0:
		part.Outcome, part.Text = Unknown, fmt.Sprintf("%d of %s since the drill began", seen, several(all, "prober has reported", "probers have reported"))
		for _, node := range waiting {
			part.Details = append(part.Details, node+": its prober hasn't reported since")
		}
	case well < seen:
		part.Outcome, part.Text = Failed, fmt.Sprintf("%d of %s see %s answer as itself", well, several(all, "prober", "probers"), key.Target())
	default:
		part.Outcome = Passed
		part.Text = fmt.Sprintf("%d of %s seen %s answer as itself since the drill began, in %d ms at most", well, several(all, "prober has", "probers have"), key.Target(), slowest)
		if unnamed > 0 {
			part.Text += fmt.Sprintf("; %d of them by its certificate alone, as it names no instance", unnamed)
		}
	}
	return part, waiting
}

// of is what a prober reports of the instance; why is a sentence where it reports nothing.
func of(l coordinationv1.Lease, key healthreport.Key) (found healthreport.Instance, why string) {
	r, err := healthreport.Parse(l.Annotations)
	if err != nil {
		return found, err.Error()
	}
	n := slices.IndexFunc(r.Instances, func(i healthreport.Instance) bool { return i.Key == key })
	if n < 0 {
		return found, "its prober has another configuration, without " + key.Target()
	}
	return r.Instances[n], ""
}

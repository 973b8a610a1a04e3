package stuckpods

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// leasePage is how many nodes' reports are in memory at once.
const leasePage = 500

// readReports reads what the nodes report where it is asked for: of a pod that has waited
// since before the switch. What can't be read moves no node.
func (w *Watcher) readReports(ctx context.Context, now time.Time) {
	nodes := map[string]bool{}
	for _, p := range w.known.pods {
		if t := w.thrown(p.Endpoint); !t.Since.IsZero() && p.Since.Before(t.Since) && (p.Pulling || now.Sub(t.Since) <= Within) {
			nodes[p.Node] = true
		}
	}
	w.reports = nil
	if len(nodes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reports := map[string]nodereport.Report{}
	options := metav1.ListOptions{LabelSelector: nodereport.Selector, Limit: leasePage}
	for {
		page, err := w.Leases.List(ctx, options)
		if err != nil {
			w.warn(ctx, "list the nodes' reports: no pod is made anew, and no node listed", err)
			return
		}
		for _, l := range page.Items {
			if !nodes[l.Name] {
				continue
			}
			if r, err := nodereport.Parse(l.Annotations); err == nil { // the others count as not moved
				reports[l.Name] = r
			}
		}
		if options.Continue = page.Continue; options.Continue == "" {
			break
		}
	}
	w.reports = reports
}

// thrown is the switch of an endpoint as far as it is known.
func (w *Watcher) thrown(endpoint string) Thrown {
	if s := w.switches[endpoint]; s != nil && s.seen {
		return s.Thrown
	}
	return Thrown{}
}

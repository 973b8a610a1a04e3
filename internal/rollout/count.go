package rollout

import (
	"iter"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A Reporter is what counts of a node and its Lease.
type Reporter struct {
	Node string
	// Labels are the Node's, at least those of [Labels].
	Labels map[string]string
	// Annotations are the Lease's, at least those of [Annotations]; nil where there is none.
	Annotations map[string]string
}

// Labels are all that is read of a Reporter's.
func Labels() []string { return []string{typeLabel, corev1.LabelOSStable} }

// Annotations are all that is read of a Reporter's.
func Annotations() []string {
	return []string{nodereport.AnswersAnnotation, nodereport.HostsAnnotation}
}

// A Counted endpoint has so many nodes that have applied its switch, or haven't, by
// what [Judge] goes by.
type Counted struct{ Applied, Waiting int }

// Count counts the nodes of each endpoint whose value is known. Values that aren't
// valid are passed over.
func Count(endpoints []zone.Endpoint, values map[string]string, reporters iter.Seq[Reporter]) map[string]Counted {
	var wanted []Endpoint
	for _, z := range endpoints {
		e := Endpoint{Name: z.Name, Switch: strings.TrimSpace(values[z.Name])}
		var err error
		if e.parsed, err = z.ParseSwitch(e.Switch); err == nil {
			wanted = append(wanted, e)
		}
	}
	counted := make(map[string]Counted, len(wanted))
	for _, e := range wanted {
		counted[e.Name] = Counted{}
	}
	type text struct{ answers, hosts string }
	read := map[text]node{} // most nodes report the same
	for r := range reporters {
		if !hasHostsFile(r.Labels) {
			continue
		}
		n := node{none: errNoLease}
		if r.Annotations != nil {
			key := text{r.Annotations[nodereport.AnswersAnnotation], r.Annotations[nodereport.HostsAnnotation]}
			known := false
			if n, known = read[key]; !known {
				n.report, n.none = nodereport.Parse(r.Annotations)
				read[key] = n
			}
		}
		n.name = r.Node
		for _, e := range wanted {
			c := counted[e.Name]
			if n.lacks(e) == "" {
				c.Applied++
			} else {
				c.Waiting++
			}
			counted[e.Name] = c
		}
	}
	return counted
}

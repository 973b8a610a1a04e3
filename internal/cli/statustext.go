package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/rollout"
)

// statusResult is what status prints as JSON.
type statusResult struct {
	rollout.Status
	// NodesProblem says why nodes and their reports aren't known; else it is empty.
	NodesProblem string `json:"nodesProblem"`
	// Cloud is what the controller tells of PrivateZone; nil where that can't be read.
	Cloud []cloudStatus `json:"cloud"`
	// Health is what the probers find of the instances; nil where that can't be read.
	Health []healthStatus `json:"health"`
	// Readiness is which images the instances have; nil where that can't be read.
	Readiness []readinessStatus `json:"readiness"`
	// Automatic is what automatic mode does; nil where that can't be read.
	Automatic []automaticStatus `json:"automatic"`
	// Stuck is what the controller tells of pods that wait for an image; nil where that can't be read.
	Stuck []stuckStatus `json:"stuck"`
	// Drills are the last ones of each instance; nil where they can't be read.
	Drills []drillStatus `json:"drills"`
	// Seconds is how long was waited; only with --wait.
	Seconds *float64 `json:"seconds,omitempty"`
}

// most is how many nodes or owners text names; JSON has all.
const most = 20

func writeStatus(w io.Writer, r statusResult, now time.Time) {
	for _, e := range r.Endpoints {
		writeDecision(w, e, now)
		switch {
		case e.Problem != "":
			fmt.Fprintf(w, "  × %s: what was valid last is in force\n", escape(e.Problem))
		case r.NodesProblem != "":
			fmt.Fprintf(w, "  ? %s\n", escape(r.NodesProblem))
		case e.Nodes == 0:
			fmt.Fprintln(w, "  ‼ no node reports: node.hosts is Off, or there is none")
		case e.Switched < e.Nodes:
			fmt.Fprintf(w, "  × %s%s\n", switched(e), reported(e, now))
		case r.Seconds != nil:
			fmt.Fprintf(w, "  √ %s in %.1f s\n", switched(e), *r.Seconds)
		default:
			fmt.Fprintf(w, "  √ %s%s\n", switched(e), reported(e, now))
		}
		writeNodes(w, "    ", e.Waiting)
		for _, target := range slices.Sorted(maps.Keys(e.Targets)) {
			fmt.Fprintf(w, "  %s to %s\n", several(e.Targets[target], "node leads", "nodes lead"), escape(target))
		}
		for _, c := range r.Cloud {
			if c.Endpoint == e.Name {
				writeCloud(w, c, now)
			}
		}
		for _, h := range r.Health {
			if h.Endpoint == e.Name {
				writeHealth(w, e, h, now)
			}
		}
		for _, i := range r.Readiness {
			if i.Endpoint == e.Name {
				writeAsOf(w, "images", i.At, i.Old, now)
				writeReadiness(w, i, now)
			}
		}
		for _, a := range r.Automatic {
			if a.Endpoint == e.Name {
				writeAutomatic(w, a, now)
			}
		}
		for _, s := range r.Stuck {
			if s.Endpoint == e.Name {
				if s.Pods > 0 || s.NodeCount > 0 {
					writeAsOf(w, "waiting pods", s.At, s.Old, now)
				}
				writeStuck(w, s, now)
			}
		}
		for _, d := range r.Drills {
			if d.Endpoint == e.Name {
				writeDrillStatus(w, d, now)
			}
		}
	}
	if r.Excluded > 0 {
		fmt.Fprintf(w, "%s a hosts file, not counted\n", several(r.Excluded, "node without", "nodes without"))
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w, "‼ nodes report:")
		writeNodes(w, "    ", r.Findings)
	}
	if len(r.Pods) > 0 {
		writeOwners(w, r.Pods)
	}
}

// writeAsOf tells the age of what follows; of what is old its own line tells the time.
func writeAsOf(w io.Writer, what string, at *time.Time, old bool, now time.Time) {
	if at != nil && !old {
		fmt.Fprintf(w, "  %s as of %s ago\n", what, duration(now.Sub(*at)))
	}
}

// switched counts the nodes of an endpoint.
func switched(e rollout.Endpoint) string {
	return fmt.Sprintf("%d of %s switched", e.Switched, several(e.Nodes, "node", "nodes"))
}

func writeNodes(w io.Writer, indent string, nodes []rollout.Node) {
	for i, n := range nodes {
		if i == most {
			fmt.Fprintf(w, "%sand %d more, which -o json has\n", indent, len(nodes)-most)
			return
		}
		fmt.Fprintf(w, "%s%s: %s\n", indent, visible(n.Node), escape(n.Text))
	}
}

func writeOwners(w io.Writer, owners []rollout.Owner) {
	pods := 0
	for _, o := range owners {
		pods += len(o.Pods)
	}
	fmt.Fprintf(w, "‼ %s with a copy of the hosts file from before the block changed, until a container starts there:\n",
		several(pods, "pod on the host network", "pods on the host network"))
	for i, o := range owners {
		if i == most {
			fmt.Fprintf(w, "    and those of %d more owners, which -o json has\n", len(owners)-most)
			return
		}
		fmt.Fprintf(w, "    %s: %s: %s\n", visible(o.Namespace), visible(o.Owner), several(len(o.Pods), "pod", "pods"))
	}
}

// progress is one sentence for all endpoints.
func progress(s rollout.Status) string {
	var all []string
	for _, e := range s.Endpoints {
		switch {
		case e.Problem != "":
			all = append(all, e.Problem)
		case e.Switched < e.Nodes:
			all = append(all, e.Name+": "+switched(e))
		}
	}
	return strings.Join(all, "; ")
}

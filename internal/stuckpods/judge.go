package stuckpods

import (
	"time"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	// Within is how long after a change of the switch pods are made anew at all.
	Within = 10 * time.Minute
	// longestBackOff is kubelet's: after it each pod has tried again by itself.
	longestBackOff = 5 * time.Minute
	// settled is when a node that was moved pulls from elsewhere for sure: containerd goes by
	// the hosts file that it has read for 5 s, and the report's time is cut to whole seconds.
	settled = 7 * time.Second
	// worthwhile is how long a pod waits at least before its node is moved. The back-off
	// grows as 10, 20, 40, 80, 160 and 300 s: kubelet tries a younger one again within 40 s.
	worthwhile = time.Minute
)

// A Verdict is what is to be done with a pod that waits, and why.
type Verdict string

// The verdicts, in the order in which they are looked for.
const (
	// Recreate: the pod is to be deleted, so that its controller makes a new one.
	Recreate      Verdict = "Recreate"
	NoSwitch      Verdict = "NoSwitch"
	BeganAfter    Verdict = "BeganAfter"
	PullInFlight  Verdict = "PullInFlight"
	HasRun        Verdict = "HasRun"
	NotReplaced   Verdict = "NotReplaced"
	NodeNotMoved  Verdict = "NodeNotMoved"
	MightGoBack   Verdict = "MightGoBack"
	TriesSoon     Verdict = "TriesSoon"
	NotSettled    Verdict = "NotSettled"
	HasTriedAgain Verdict = "HasTriedAgain"
)

var sentences = map[Verdict]string{
	Recreate:      "its controller is to make a new one",
	NoSwitch:      "no switch was thrown within the last 10 minutes",
	BeganAfter:    "it has waited only since after the switch, or since after its node was moved",
	PullInFlight:  "its pull is in flight or waits for another one, and deleting the pod would free neither",
	HasRun:        "a container of it has run, or may have",
	NotReplaced:   "no ReplicaSet, StatefulSet or DaemonSet would replace it; to a Job it would be a failure",
	NodeNotMoved:  "its node has not reported that it has applied the switch, or the switch doesn't move it",
	MightGoBack:   "the switch moves some nodes only, and the new pod may come to another one",
	TriesSoon:     "it had waited for less than a minute when its node was moved, so that kubelet tries again soon",
	NotSettled:    "its node was moved less than 7 seconds ago, and may pull by the hosts file from before",
	HasTriedAgain: "its node was moved more than 5 minutes ago, and kubelet has tried again since",
}

// Verdicts are all, in the order of the document.
var Verdicts = []Verdict{
	NoSwitch, BeganAfter, PullInFlight, HasRun, NotReplaced, NodeNotMoved, MightGoBack, TriesSoon, NotSettled, HasTriedAgain, Recreate,
}

// Sentence says it to people.
func (v Verdict) Sentence() string { return sentences[v] }

// A Thrown switch is the valid value that stands for an endpoint.
type Thrown struct {
	zone.Switch
	// Hash names the value as nodes' reports do.
	Hash string
	// Since is when its target last became another one; zero where that isn't known, as of
	// a switch that nobody has seen to change.
	Since time.Time
}

// Moved is when a node's hosts file came to lead an endpoint where the switch leads that
// node; false where its report doesn't say that it does, or the switch moves others alone.
func (t Thrown) Moved(endpoint, node string, r nodereport.Report) (time.Time, bool) {
	answer := r.Answers[endpoint]
	holds := r.Hosts == nodereport.Applied || r.Hosts == nodereport.None
	if !holds || answer.Switch != t.Hash || answer.Target != t.Target(endpoint, node).String() || r.Since.IsZero() {
		return time.Time{}, false
	}
	if t.Scope != zone.AllNodes && !t.moves(endpoint, node) {
		return time.Time{}, false
	}
	return r.Since, true
}

// moves says whether a node is among those that a switch of some nodes is for.
func (t Thrown) moves(endpoint, node string) bool {
	if t.To == t.From {
		return false
	}
	return t.Target(endpoint, node) == t.To
}

// everywhere says that no node stays behind.
func (t Thrown) everywhere() bool {
	return t.Scope == zone.AllNodes || t.Scope == zone.ShareOfNodes && t.Share == 100
}

// Judge says whether a pod is to be made anew. Reports are the nodes', by name.
//
// Times of the pod and of the report are of the node's clock, and that of the switch is the
// controller's. All are cut to whole seconds or late by a few, which matters to no pod
// that has waited for a minute.
func Judge(p Pod, t Thrown, reports map[string]nodereport.Report, now time.Time) Verdict {
	moved, known := t.Moved(p.Endpoint, p.Node, reports[p.Node])
	switch {
	case t.Since.IsZero() || now.Sub(t.Since) > Within:
		return NoSwitch
	case !p.Since.Before(t.Since), known && !p.Since.Before(moved):
		return BeganAfter
	case p.Pulling:
		return PullInFlight
	case !p.NeverRan:
		return HasRun
	case p.Replaces == "":
		return NotReplaced
	case !known:
		return NodeNotMoved
	case !t.everywhere() && p.Replaces != "DaemonSet":
		return MightGoBack
	case moved.Sub(p.Since) < worthwhile:
		return TriesSoon
	case now.Sub(moved) < settled:
		return NotSettled
	case now.Sub(moved) > longestBackOff:
		return HasTriedAgain
	}
	return Recreate
}

// Holds says whether a pod waits for a pull of the endpoint on a node since before that was
// moved: what is in flight there goes on to where the name led before.
func Holds(p Pod, endpoint string, t Thrown, reports map[string]nodereport.Report) bool {
	moved, known := t.Moved(endpoint, p.Node, reports[p.Node])
	return p.Pulling && p.Endpoint == endpoint && known && !t.Since.IsZero() && p.Since.Before(t.Since) && p.Since.Before(moved)
}

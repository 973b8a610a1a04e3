package stuckpods

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/published"
)

const (
	// most is how many pods and nodes a status names.
	most = 20
	// statusPause is between two changes of an endpoint's status.
	statusPause = 5 * time.Second
	// statusInterval is how old the time in it may become.
	statusInterval = 10 * time.Minute
)

// Old is the age of a status from which nobody looks any more.
const Old = 2 * statusInterval

// Status is what the controller tells of an endpoint, as JSON.
type Status struct {
	// At is when the pods were listed.
	At time.Time `json:"at"`
	// Pods is how many are in back-off.
	Pods int `json:"pods"`
	// Recreated is how many were deleted since the switch was thrown.
	Recreated int `json:"recreated"`
	// List names those that have waited longest, up to 20.
	List []Waiting `json:"list"`
	// NodeCount is how many nodes have pods that wait for a pull since before the switch; Nodes are up to 20 of them.
	NodeCount int          `json:"nodeCount"`
	Nodes     []HeldUpNode `json:"nodes"`
	// Switch is the hash of the value that stands, as nodes report it, and SwitchSince
	// when its target changed; nil where nobody has seen that.
	Switch      string     `json:"switch,omitempty"`
	SwitchSince *time.Time `json:"switchSince,omitempty"`
}

// Waiting is a pod in back-off.
type Waiting struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Owner     string    `json:"owner"`
	Image     string    `json:"image"`
	Node      string    `json:"node"`
	Since     time.Time `json:"since"`
	// Left is why it isn't made anew, as a sentence; empty where it is, or where
	// failover.recreateStuckPods is off.
	Left string `json:"left,omitempty"`
}

// HeldUpNode is a node on which a pull of the endpoint hangs since before the switch, or
// waits behind one that does.
type HeldUpNode struct {
	Node string `json:"node"`
	// Pods is how many wait there for a pull, of whatever registry.
	Pods int `json:"pods"`
	// Since is when the first of them can have begun that waits for the endpoint.
	Since time.Time `json:"since"`
}

// status makes what there is to say of an endpoint.
func (w *Watcher) status(p *policy, endpoint string, now time.Time) Status {
	t := w.thrown(endpoint)
	told := w.switches[endpoint]
	s := Status{At: utc(w.known.at), Recreated: told.recreated, List: []Waiting{}, Nodes: []HeldUpNode{}, Switch: told.Hash}
	if !told.Since.IsZero() {
		s.SwitchSince = new(utc(told.Since))
	}
	var waiting []Pod
	heldUp, pulling := map[string]time.Time{}, map[string]int{}
	for _, pod := range w.known.pods {
		switch {
		case pod.Pulling:
			pulling[pod.Node]++
			if first, known := heldUp[pod.Node]; Holds(pod, endpoint, t, w.reports) && (!known || pod.Since.Before(first)) {
				heldUp[pod.Node] = pod.Since
			}
		case pod.Endpoint == endpoint:
			waiting = append(waiting, pod)
		}
	}
	s.Pods, s.NodeCount = len(waiting), len(heldUp)
	slices.SortFunc(waiting, byAge)
	for _, pod := range waiting[:min(most, len(waiting))] {
		entry := Waiting{pod.Namespace, pod.Name, pod.Owner, pod.Image, pod.Node, utc(pod.Since), ""}
		if v := Judge(pod, t, w.reports, now); p.recreate && v != Recreate {
			entry.Left = v.Sentence()
		}
		s.List = append(s.List, entry)
	}
	for node, since := range heldUp {
		s.Nodes = append(s.Nodes, HeldUpNode{node, pulling[node], utc(since)})
	}
	slices.SortFunc(s.Nodes, func(a, b HeldUpNode) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Node, b.Node)) })
	s.Nodes = s.Nodes[:min(most, len(s.Nodes))]
	return s
}

// utc is a time as JSON keeps it without more digits than anybody wants.
func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// publish shows an endpoint's status, and writes it where that is due, beside what others
// tell there. It returns when to come again at the latest.
func (w *Watcher) publish(ctx context.Context, endpoint string, s Status, now time.Time) time.Duration {
	w.metrics.show(endpoint, s)
	before, at := w.written[endpoint], w.writtens[endpoint]
	before.At = s.At
	switch differs := !reflect.DeepEqual(before, s); {
	case differs && now.Sub(at) < statusPause:
		return statusPause - now.Sub(at)
	case !differs && s.At.Sub(w.written[endpoint].At) < statusInterval:
		return rest
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := published.PutStatus(ctx, w.Store, endpoint, "stuck", s)
	switch {
	case err == nil:
		w.written[endpoint], w.writtens[endpoint] = s, now
		w.said = ""
	case errors.Is(err, published.ErrMeanwhile): // the next step writes it
		return time.Second
	default:
		w.warn(ctx, "publish what there is to tell", err)
		return retry
	}
	return rest
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/registry-failover/registry-failover/internal/stuckpods"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// stuckStatus is what the controller tells of the pods that wait for an image of one endpoint.
type stuckStatus struct {
	Endpoint string `json:"endpoint"`
	// Problem says why there is nothing to tell; else it is empty.
	Problem string `json:"problem"`
	// At is when the pods were listed, nil where they never were.
	At *time.Time `json:"at"`
	// Old says that they should have been listed again since.
	Old       bool                   `json:"old"`
	Pods      int                    `json:"pods"`
	List      []stuckpods.Waiting    `json:"list"`
	NodeCount int                    `json:"nodeCount"`
	Nodes     []stuckpods.HeldUpNode `json:"nodes"`
	Recreated int                    `json:"recreated"`
	// SwitchSince is when the switch came to lead where it leads, nil where nobody has seen that.
	SwitchSince *time.Time `json:"switchSince"`

	unreadable bool
}

// judgeStuck reads what stands in the ConfigMap registry-failover-status, of the endpoints
// that are configured; nil where that can't be read.
func judgeStuck(c *config.Config, data map[string]string, now time.Time) []stuckStatus {
	if data == nil {
		return nil
	}
	all := []stuckStatus{}
	for _, e := range c.Endpoints {
		s := stuckStatus{Endpoint: e.Name, List: []stuckpods.Waiting{}, Nodes: []stuckpods.HeldUpNode{}}
		var stands struct{ Stuck *stuckpods.Status }
		text, there := data[e.Name]
		err := json.Unmarshal([]byte(text), &stands)
		switch {
		case there && err != nil:
			s.unreadable = true
			s.Problem = "what the controller has told of pods that wait for an image can't be read: " + err.Error()
		case stands.Stuck == nil:
			s.Problem = "it isn't known which pods wait for an image: the controller hasn't told yet"
		default:
			k := stands.Stuck
			s.At, s.Old, s.SwitchSince = &k.At, now.Sub(k.At) > stuckpods.Old, k.SwitchSince
			s.Pods, s.NodeCount, s.Recreated = k.Pods, k.NodeCount, k.Recreated
			s.List, s.Nodes = append(s.List, k.List...), append(s.Nodes, k.Nodes...)
		}
		all = append(all, s)
	}
	return all
}

// writeStuck tells of pods that wait, and nothing where none does, or the controller is
// one that doesn't tell.
func writeStuck(w io.Writer, s stuckStatus, now time.Time) {
	switch {
	case s.At == nil && !s.unreadable:
		return
	case s.Problem != "":
		fmt.Fprintf(w, "  ‼ %s\n", escape(s.Problem))
		return
	case s.Old:
		fmt.Fprintf(w, "  ‼ the pods that wait for an image as of %s: that is old\n", s.At.Format(time.RFC3339))
	}
	if s.Pods > 0 {
		fmt.Fprintf(w, "  ‼ %s in kubelet's back-off for an image of this endpoint:\n", several(s.Pods, "pod waits", "pods wait"))
		for _, p := range s.List {
			fmt.Fprintf(w, "    %s: %s: %s on %s for %s: %s%s\n", visible(p.Namespace), visible(p.Owner), visible(p.Name), visible(p.Node),
				duration(now.Sub(p.Since)), visible(p.Image), left(p))
		}
		if more := s.Pods - len(s.List); more > 0 {
			fmt.Fprintf(w, "    and %d more\n", more)
		}
	}
	if s.NodeCount > 0 {
		fmt.Fprintf(w, "  ‼ %s with pods that wait for a pull since before the switch:\n", several(s.NodeCount, "node", "nodes"))
		for _, n := range s.Nodes {
			fmt.Fprintf(w, "    %s: %s, the first for %s\n", visible(n.Node), several(n.Pods, "pod", "pods"), duration(now.Sub(n.Since)))
		}
		if more := s.NodeCount - len(s.Nodes); more > 0 {
			fmt.Fprintf(w, "    and %d more\n", more)
		}
	}
	if s.Recreated > 0 {
		fmt.Fprintf(w, "  %s made anew since the switch\n", several(s.Recreated, "pod was", "pods were"))
	}
}

// left tells why a pod isn't made anew.
func left(p stuckpods.Waiting) string {
	if p.Left == "" {
		return ""
	}
	return "; left alone: " + escape(p.Left)
}

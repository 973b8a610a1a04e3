package drill

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A Move leads named nodes elsewhere for a while.
type Move struct {
	// Word is where to, as it was written, and Target what it means.
	Word   string
	Target zone.Target
	Nodes  []string
	Until  time.Time
	// By is for people; it may be empty.
	By string
}

// errNotPlain is why a switch that says more than where to isn't touched.
var errNotPlain = errors.New("the switch leads some nodes elsewhere already, or ends at a time: a drill leaves that alone")

// Value is what to write into the switch for it: everything else stays where the standing
// value leads, and the controller ends it at its time. An error is one sentence.
func (m Move) Value(endpoint zone.Endpoint, standing zone.Switch) (string, error) {
	switch {
	case standing.Scope != zone.AllNodes || !standing.Until.IsZero():
		return "", errNotPlain
	case standing.To == m.Target:
		return "", fmt.Errorf("all nodes are led to %s already: there is nothing to move", m.Target)
	}
	lines := []string{
		"to: " + m.Word, "from: " + standing.To.String(), "nodes: " + strings.Join(m.Nodes, ","),
		"reason: drill", "until: " + m.Until.UTC().Format(time.RFC3339),
	}
	if m.By != "" {
		lines = append(lines, "set-by: "+m.By)
	}
	value := strings.Join(lines, "\n")
	_, err := endpoint.ParseSwitch(value)
	return value, err
}

// ParseNodes reads names with commas between them; each counts once. None of them, "", is none.
func ParseNodes(text string) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var nodes []string
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if !zone.IsDNSName(name) {
			return nil, fmt.Errorf("--nodes %q: must be names as `kubectl get nodes` shows them, with commas between them", text)
		}
		if !slices.Contains(nodes, name) {
			nodes = append(nodes, name)
		}
	}
	return nodes, nil
}

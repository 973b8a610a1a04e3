package zone

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxSwitchBytes is how long the switch of one endpoint may be: room for the
// names of a thousand nodes and a reason.
const MaxSwitchBytes = 64 << 10

// Scope is which nodes a switch moves.
type Scope int

const (
	// AllNodes moves every node and the DNS Service.
	AllNodes Scope = iota
	// ShareOfNodes moves Switch.Share percent of the nodes; the others and the DNS Service stay at Switch.From.
	ShareOfNodes
	// NamedNodes moves Switch.Nodes; the others and the DNS Service stay at Switch.From.
	NamedNodes
)

// Switch is the decision of a person or of the controller for one endpoint.
// The zero value follows PrivateZone everywhere.
type Switch struct {
	To    Target
	Scope Scope
	// From is the answer of all nodes outside the scope and of the DNS Service.
	From Target
	// Share is a percentage, 0 to 100.
	Share int
	Nodes []string
	// Reason, SetBy and Until are for people and for the controller. No answer depends on them.
	Reason string
	SetBy  string
	Until  time.Time
}

// Target returns where the switch leads the endpoint on a node. The DNS
// Service, which answers for no node, asks with an empty name.
func (s Switch) Target(endpoint, node string) Target {
	moved := true
	switch s.Scope {
	case ShareOfNodes:
		moved = node != "" && inShare(endpoint, node, s.Share)
	case NamedNodes:
		moved = node != "" && slices.Contains(s.Nodes, node)
	}
	if moved {
		return s.To
	}
	return s.From
}

// inShare spreads nodes evenly and always in the same way: a node that is in a
// share of 10 is in every larger one, and a new node needs to ask nobody.
func inShare(endpoint, node string, percent int) bool {
	sum := sha256.Sum256([]byte(endpoint + "\x00" + node))
	return binary.BigEndian.Uint64(sum[:8])%100 < uint64(percent)
}

// ParseSwitch reads one value of the switch ConfigMap: a word, or lines
// "key: value" with the keys to, from, share, nodes, reason, set-by and until,
// each at most once, without quotes or indentation. White space around the
// whole value is ignored. An error is one sentence that names the endpoint, the
// line and the remedy; whoever gets one keeps the last good value.
func (e Endpoint) ParseSwitch(value string) (Switch, error) {
	s, err := e.parseSwitch(value)
	if err != nil {
		return Switch{}, fmt.Errorf("endpoint %q: %w", e.Name, err)
	}
	return s, nil
}

func (e Endpoint) parseSwitch(value string) (Switch, error) {
	if len(value) > MaxSwitchBytes {
		return Switch{}, fmt.Errorf("the switch is %d bytes long: at most %d are read", len(value), MaxSwitchBytes)
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return Switch{}, fmt.Errorf("the switch is empty: write one of %s", strings.Join(e.Words(), ", "))
	}
	if !strings.ContainsAny(value, ":\n") {
		to, err := e.parseTarget(value)
		return Switch{To: to}, err
	}
	lines, err := parseLines(value)
	if err != nil {
		return Switch{}, err
	}
	return e.readLines(lines)
}

// switchKeys are the keys of the long form.
var switchKeys = []string{"to", "from", "share", "nodes", "reason", "set-by", "until"}

func parseLines(value string) (map[string]string, error) {
	lines := map[string]string{}
	for n, line := range strings.Split(value, "\n") {
		line = strings.TrimRight(line, " \t\r")
		key, text, found := strings.Cut(line, ":")
		switch {
		case !found:
			return nil, fmt.Errorf("line %d of the switch, %q, is not of the form key: value", n+1, clip(line))
		case !slices.Contains(switchKeys, key):
			return nil, fmt.Errorf("line %d of the switch has the unknown key %q: one of %s, at the start of the line and without quotes",
				n+1, clip(key), strings.Join(switchKeys, ", "))
		}
		if _, twice := lines[key]; twice {
			return nil, fmt.Errorf("line %d of the switch gives %q a second time: keep one", n+1, key)
		}
		text = strings.TrimLeft(text, " \t")
		if text == "" {
			return nil, fmt.Errorf("line %d of the switch gives %q no value: write one or remove the line", n+1, key)
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
			return nil, fmt.Errorf("line %d of the switch has control characters in %q, or is not UTF-8: remove them", n+1, key)
		}
		lines[key] = text
	}
	return lines, nil
}

// isControl is for text that terminals and logs show. People paste tabs, they do no harm.
func isControl(r rune) bool { return unicode.IsControl(r) && r != '\t' }

func (e Endpoint) readLines(lines map[string]string) (Switch, error) {
	s := Switch{Reason: lines["reason"], SetBy: lines["set-by"]}
	to, given := lines["to"]
	if !given {
		return Switch{}, fmt.Errorf("to is missing: add a line with one of %s", strings.Join(e.Words(), ", "))
	}
	var err error
	if s.To, err = e.parseTarget(to); err != nil {
		return Switch{}, fmt.Errorf("to: %w", err)
	}
	if until, given := lines["until"]; given {
		if s.Until, err = time.Parse(time.RFC3339, until); err != nil {
			return Switch{}, fmt.Errorf("until: %q is no time: write it as 2006-01-02T15:04:05Z (RFC 3339)", clip(until))
		}
	}
	err = e.readScope(&s, lines)
	return s, err
}

func (e Endpoint) readScope(s *Switch, lines map[string]string) error {
	from, hasFrom := lines["from"]
	share, hasShare := lines["share"]
	nodes, hasNodes := lines["nodes"]
	switch {
	case hasShare && hasNodes:
		return errors.New("share and nodes are both given: keep the one that says which nodes move")
	case !hasShare && !hasNodes && hasFrom:
		return errors.New("from is given without share or nodes: add one of them, or remove from to move everything")
	case !hasShare && !hasNodes:
		return nil
	case !hasFrom:
		return errors.New("from is missing: share and nodes need it, it is the answer of all the other nodes")
	}
	var err error
	if s.From, err = e.parseTarget(from); err != nil {
		return fmt.Errorf("from: %w", err)
	}
	if hasShare {
		s.Scope = ShareOfNodes
		s.Share, err = parseShare(share)
		return err
	}
	s.Scope = NamedNodes
	s.Nodes, err = parseNodes(nodes)
	return err
}

func parseShare(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 100 || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("share: %q is no percentage: write a whole number from 0 to 100, without a sign", clip(text))
	}
	return n, nil
}

func parseNodes(text string) ([]string, error) {
	nodes := strings.Split(text, ",")
	for i, n := range nodes {
		nodes[i] = strings.TrimSpace(n)
		if nodes[i] == "" {
			return nil, errors.New("nodes: there is nothing before or after a comma: remove the comma or write the name")
		}
		if !IsDNSName(nodes[i]) {
			return nil, fmt.Errorf("nodes: %q is no node name: write names as `kubectl get nodes` shows them, separated by commas", clip(nodes[i]))
		}
	}
	return nodes, nil
}

// clip keeps a sentence readable when what it quotes is not.
func clip(s string) string {
	const most = 64
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

package switching

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// All is the share of a step that moves every node and the DNS Service.
const All = 100

// A Plan is what a person wants of one endpoint.
type Plan struct {
	Endpoint zone.Endpoint
	// Read is the value that stands there, Standing what is in force: another one where the
	// value is Invalid.
	Read     string
	Standing zone.Switch
	Invalid  bool
	// Word is where to lead, as the person has written it, and Target what it means.
	Word   string
	Target zone.Target
	// Waves are shares in percent, in growing order; none is the same as 100.
	Waves []int
	// Reason and SetBy are for people, each on one line; they may be empty.
	Reason, SetBy string
	// Until is for the controller; zero where there is no end.
	Until time.Time
	// Overridden are the rules that didn't hold, and that the person has overridden.
	Overridden []saferules.Name
}

// A Step is one value to write.
type Step struct {
	// Share is how many percent of the nodes move with it; with [All] the DNS Service, too.
	Share int
	// Value is the text, Switch what it means.
	Value  string
	Switch zone.Switch
	// Stands says that there is nothing to write: it stands there already.
	Stands bool
}

// Moves tells whether anything would be led elsewhere than it is now, or than anybody who
// reads the value would think.
func (p Plan) Moves() bool {
	return p.Invalid || p.Standing.Scope != zone.AllNodes || p.Standing.To != p.Target
}

// Steps are the values to write, one after the other. Where everything leads there already
// and there is nothing new to tell of it, it is what stands. Waves that the switch has behind
// it are left out: no node moves back.
func (p Plan) Steps() ([]Step, error) {
	from, done := p.Standing.To, -1
	if p.Standing.Scope != zone.AllNodes {
		from = p.Standing.From
	}
	if p.Standing.Scope == zone.ShareOfNodes && p.Standing.To == p.Target {
		done = p.Standing.Share
	}
	if !p.Moves() {
		if p.Reason == "" && p.Until.IsZero() {
			return []Step{{Share: All, Value: p.Read, Switch: p.Standing, Stands: true}}, nil
		}
		return p.steps(zone.Target{}, All)
	}
	waves := slices.DeleteFunc(slices.Clone(p.Waves), func(share int) bool { return share != All && share <= done })
	if len(p.Waves) == 0 {
		waves = []int{All}
	}
	if len(waves) == 0 {
		return nil, fmt.Errorf("%d %% of the nodes lead to %s already: name a larger share", done, p.Target)
	}
	inWaves := waves[0] != All
	switch {
	case inWaves && p.Standing.Scope == zone.NamedNodes:
		return nil, errors.New("some nodes are led elsewhere by their names, and a share would lead some of them back: leave --waves out, or undo that first")
	case inWaves && p.Standing.Scope == zone.ShareOfNodes && p.Standing.Share > 0 && p.Standing.To != p.Target:
		return nil, fmt.Errorf("a wave to %s is under way, and a share can't lead three ways: leave --waves out, or undo that first", p.Standing.To)
	}
	return p.steps(from, waves...)
}

func (p Plan) steps(from zone.Target, shares ...int) ([]Step, error) {
	var steps []Step
	for _, share := range shares {
		text := p.value(from, share)
		parsed, err := p.Endpoint.ParseSwitch(text)
		if err != nil { // such as a reason that is too long
			return nil, err
		}
		steps = append(steps, Step{Share: share, Value: text, Switch: parsed})
	}
	return steps, nil
}

// value is one as pkg/zone reads it: the word alone where there is nothing to add.
func (p Plan) value(from zone.Target, share int) string {
	lines := []string{"to: " + p.Word}
	add := func(key, text string) {
		if text != "" {
			lines = append(lines, key+": "+text)
		}
	}
	if share != All {
		add("from", from.String())
		add("share", fmt.Sprint(share))
	}
	add("reason", p.reason())
	add("set-by", p.SetBy)
	if !p.Until.IsZero() {
		add("until", p.Until.UTC().Format(time.RFC3339))
	}
	if len(lines) == 1 {
		return p.Word
	}
	return strings.Join(lines, "\n")
}

// reason is the person's, with the rules that were overridden.
func (p Plan) reason() string {
	if len(p.Overridden) == 0 {
		return p.Reason
	}
	var names []string
	for _, name := range p.Overridden {
		names = append(names, string(name))
	}
	text := "overrides " + strings.Join(names, ", ")
	if p.Reason == "" {
		return text
	}
	return p.Reason + " (" + text + ")"
}

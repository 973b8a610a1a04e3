package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/registry-failover/registry-failover/internal/saferules"
	"github.com/registry-failover/registry-failover/internal/switching"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// wishes are the flags as values.
type wishes struct {
	waves     []int
	until     time.Time
	overrides []saferules.Name
}

func (o *switchOptions) wishes(now time.Time) (wishes, error) {
	var w wishes
	if err := checkOutput(o.output); err != nil {
		return w, err
	}
	o.to = strings.TrimSpace(o.to)
	switch {
	case o.timeout <= 0:
		return w, fmt.Errorf("--timeout %s: must be longer than nothing", o.timeout)
	case o.pause < 0:
		return w, fmt.Errorf("--wave-pause %s: must not be negative", o.pause)
	case o.to == "":
		return w, fmt.Errorf("%s needs --to: see kubectl registry-failover %s --help", o.verb.name, o.verb.name)
	case o.until != "" && o.to == zone.PrivateZone:
		return w, errors.New("--until says when to follow PrivateZone again: leave it out with privatezone")
	}
	o.reason, o.setBy = strings.TrimSpace(o.reason), strings.TrimSpace(o.setBy)
	for flag, text := range map[string]string{"reason": o.reason, "set-by": o.setBy} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
			return w, fmt.Errorf("--%s: must be one line of UTF-8 without control characters", flag)
		}
	}
	for _, name := range o.overrides {
		rule := saferules.Name(strings.TrimSpace(name))
		if !saferules.Known(rule) {
			return w, fmt.Errorf("--override %q is no rule: one of %s", name, strings.Join(ruleNames(), ", "))
		}
		w.overrides = append(w.overrides, rule)
	}
	var err error
	if w.until, err = parseUntil(o.until, now); err != nil {
		return w, err
	}
	w.waves, err = parseWaves(o.waves)
	return w, err
}

func ruleNames() []string {
	var names []string
	for _, r := range saferules.Rules() {
		names = append(names, string(r.Name))
	}
	return names
}

// parseUntil reads a time, or a duration from now, to the second.
func parseUntil(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if d, isDuration := time.ParseDuration(text); isDuration == nil {
		until, err = now.Add(d), nil
	}
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("--until %q: must be a time such as 2006-01-02T15:04:05Z (RFC 3339), or a duration such as 2h", text)
	case !until.After(now):
		return time.Time{}, fmt.Errorf("--until %s: that is over", text)
	}
	return until.UTC().Truncate(time.Second), nil
}

// parseWaves reads shares that grow.
func parseWaves(text string) ([]int, error) {
	if text == "" {
		return nil, nil
	}
	var waves []int
	last := 0
	for piece := range strings.SplitSeq(text, ",") {
		share, err := strconv.Atoi(strings.TrimSpace(piece))
		if err != nil || share <= last || share > switching.All {
			return nil, fmt.Errorf("--waves %q: must be growing shares in percent, such as 10,50,100", text)
		}
		waves, last = append(waves, share), share
	}
	return waves, nil
}

// wavePause is longer than the probers need to see a fault and to report it.
func wavePause(h config.Health) time.Duration {
	return max(30*time.Second, time.Duration(h.Failures)*(max(h.Interval.Duration, h.Slow.Duration)+h.Timeout.Duration)+5*time.Second)
}

// chooseEndpoint is the one that was named, or the only one.
func (o *switchOptions) chooseEndpoint(c *config.Config) (config.Endpoint, error) {
	var names []string
	for _, e := range c.Endpoints {
		if e.Name == o.endpoint || o.endpoint == "" && len(c.Endpoints) == 1 {
			return e, nil
		}
		names = append(names, e.Name)
	}
	if o.endpoint == "" {
		return config.Endpoint{}, fmt.Errorf("there are several endpoints: name one with --endpoint: one of %s", strings.Join(names, ", "))
	}
	return config.Endpoint{}, fmt.Errorf("--endpoint %q: unknown endpoint: one of %s", o.endpoint, strings.Join(names, ", "))
}

// chooseTarget reads where to. A failover leads away from the primary, a failback to it.
func (o *switchOptions) chooseTarget(z zone.Endpoint, primary string) (zone.Target, error) {
	var words []string
	for _, word := range z.Words() {
		name, _, _ := strings.Cut(word, "/")
		if back := name == primary || word == zone.PrivateZone; back == o.verb.back {
			words = append(words, word)
		}
	}
	parsed, err := z.ParseSwitch(o.to)
	if strings.ContainsAny(o.to, ":\n") || err != nil {
		return zone.Target{}, fmt.Errorf("--to %q: unknown target: one of %s", o.to, strings.Join(words, ", "))
	}
	t := parsed.To
	if back := t.FollowsPrivateZone() || t.Instance == primary; back != o.verb.back {
		other := map[bool]string{false: "failover", true: "failback"}[back]
		return t, fmt.Errorf("--to %s: that is a %s: kubectl registry-failover %s --to %s; or one of %s", o.to, other, other, o.to, strings.Join(words, ", "))
	}
	return t, nil
}

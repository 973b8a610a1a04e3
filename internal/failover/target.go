package failover

import (
	"fmt"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// judge says what the vantage points see: nothing where it is healthy, AllBad where it is
// ill, Blind or Disagree where nobody can tell. The text has the details.
func (in Input) judge(t zone.Target) (Hold, string) {
	h := in.Health[t]
	need, fresh := in.quorum(h), h.For+h.Against
	text := fmt.Sprintf("%s is %s for %d of %d vantage points%s", t, h.Level, h.For, max(in.VantagePoints, fresh), since(h.Since))
	if h.Against > 0 {
		text += fmt.Sprintf(", and not for %d", h.Against)
	}
	switch {
	case in.VantagePoints <= 0 || fresh < need || !slices.Contains([]Level{Healthy, Failing, Slow, Wrong}, h.Level):
		return Blind, fmt.Sprintf("%s is seen by %d of %d, and %d are needed", t, fresh, max(in.VantagePoints, fresh), need)
	case h.For < need:
		return Disagree, fmt.Sprintf("%s, and %d must agree", text, need)
	case h.Level == Healthy:
		return "", text
	default:
		return AllBad, text
	}
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + t.UTC().Format(time.RFC3339)
}

// choose gives the first instance that may take over from one that is ill: the
// primary before the others, these in their configured order, each by its own
// network. Where there is none, it tells why not the one that is nearest to it.
func (in Input) choose(from zone.Target) (zone.Target, Hold, string) {
	names := []string{in.Primary}
	for _, i := range in.Endpoint.Instances {
		names = append(names, i.Name)
	}
	nearest, why := AllBad, "there is no other instance"
	found := false
	for _, name := range names {
		t := in.byItsNetwork(name)
		if name == from.Instance || t.Instance == "" {
			continue
		}
		hold, text := in.fits(t)
		if hold == "" {
			return t, "", text
		}
		if !found || slices.Index(Holds, hold) > slices.Index(Holds, nearest) {
			nearest, why, found = hold, text, true
		}
	}
	return zone.Target{}, nearest, why
}

// fits says why a target may not take over, or nothing.
func (in Input) fits(t zone.Target) (Hold, string) {
	hold, text := in.judge(t)
	if hold != "" {
		return hold, text
	}
	ready, known := in.Ready[t.Instance]
	h := in.Health[t]
	switch steady := in.Now.Sub(h.Since); {
	case h.For-h.Unnamed < in.quorum(h):
		return Unnamed, fmt.Sprintf("%s, and it names itself for %d of these", text, h.For-h.Unnamed)
	case steady < in.dwell():
		return Unsettled, fmt.Sprintf("%s, and it must be so for %s", text, in.dwell())
	case !known && in.Rules.ReadyShare > 0:
		return ReadinessUnknown, fmt.Sprintf("%s has not been looked through", t.Instance)
	case known && !(ready >= in.Rules.ReadyShare): // NaN, too
		return NotReady, fmt.Sprintf("%s has %.1f %% of the images, and failover.readyShare asks for %.1f %%", t.Instance, 100*ready, 100*in.Rules.ReadyShare)
	}
	if err := in.answers(t); err != nil {
		return NoAddress, err.Error()
	}
	if !known {
		return "", text + ", and failover.readyShare asks for no images"
	}
	return "", fmt.Sprintf("%s, with %.1f %% of the images", text, 100*ready)
}

// answers fails where the switch doesn't take the target, or the answer would be empty.
func (in Input) answers(t zone.Target) error {
	if !slices.Contains(in.Endpoint.Words(), t.String()) {
		return fmt.Errorf("the switch can't name %s: the configuration gives it no address", t)
	}
	_, err := in.Endpoint.Answer(zone.Switch{To: t}, in.Learnt, "")
	return err
}

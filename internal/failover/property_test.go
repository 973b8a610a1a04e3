package failover

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// history is a random one, in which everything fails that can: instances, vantage
// points, PrivateZone, writes, leaders and people's patience. It knows by itself who
// has written what, and judges each decision by that, not by what the machine remembers.
type history struct {
	t      *testing.T
	r      *rand.Rand
	in     Input
	s      State
	writes int
	// ours says that the switch's value was written by a Move, and by nobody since.
	ours bool
	// late is a write on its way, under the condition that the switch is at lateIf.
	late, lateIf string
	moves        []time.Time
	// landed is the last value of a Move. A person may copy it.
	landed string
	// stands is where the switch leads, and changed when it last led elsewhere; follows that most
	// nodes follow PrivateZone, and returned since when.
	stands            string
	follows           bool
	changed, returned time.Time
	counts            map[string]int
}

func TestRandomHistories(t *testing.T) {
	counts := map[string]int{}
	seeds := uint64(60)
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		h := &history{t: t, r: rand.New(rand.NewPCG(seed, 1)), in: situation(seed%2 == 0), writes: 1, counts: counts}
		h.in.Rules.Dwell.Duration = []time.Duration{0, time.Minute, 10 * time.Minute}[h.r.IntN(3)]
		h.in.Rules.MaxPerDay = 1 + h.r.IntN(8)
		if h.one(4) {
			h.in.Rules.ReadyShare = 0
		}
		h.in.VantagePoints = []int{1, 3, 15}[h.r.IntN(3)]
		h.note()
		for n := range 1000 {
			h.happen()
			h.step()
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, n)
			}
		}
	}
	for _, action := range []Action{Move, Return, Extend, HoldStill} {
		if counts[string(action)] < int(seeds)/4 {
			t.Errorf("only %d times did it %s", counts[string(action)], action)
		}
	}
	for _, hold := range Holds {
		if counts[string(hold)] == 0 && hold != NotWritten {
			t.Errorf("never was it %s", hold)
		}
	}
	t.Log(counts)
}

// one in n.
func (h *history) one(n int) bool { return h.r.IntN(n) == 0 }

// happen lets time pass, and the world change.
func (h *history) happen() {
	span := time.Duration(h.r.IntN(60)) * time.Second
	if h.one(50) {
		span = time.Duration(h.r.IntN(8)) * time.Hour
	}
	h.in.Now = h.in.Now.Add(span)
	h.in.Health = maps.Clone(h.in.Health)
	h.in.Ready = maps.Clone(h.in.Ready)
	for _, target := range []zone.Target{hangzhou, zhangjiakou, shanghai} {
		if h.one(25) {
			h.in.Health[target] = h.health()
		}
	}
	for _, i := range h.in.Endpoint.Instances {
		if h.one(40) {
			h.in.Ready[i.Name] = []float64{1, 1, 1, 0.95, 0.94, 0}[h.r.IntN(6)]
		}
		if h.one(200) {
			delete(h.in.Ready, i.Name)
		}
	}
	if h.one(40) {
		h.in.ZoneKnown = h.one(2)
		h.in.ZoneTarget = []zone.Target{zhangjiakou, zhangjiakou, zhangjiakou, hangzhou, {}}[h.r.IntN(5)]
	}
	if h.one(100) {
		h.in.Learnt.Zones = nil
		if !h.one(3) {
			h.in.Learnt.Zones = situation(true).Learnt.Zones
		}
	}
	if h.one(60) {
		h.in.Learnt.Hosts = nil
		if !h.one(2) {
			h.in.Learnt.Hosts = situation(true).Learnt.Hosts
		}
	}
	h.in.Rules.Mode = config.Automatic
	if h.one(50) {
		h.in.Rules.Mode = config.Manual
	}
	switch {
	case h.late != "" && h.one(2):
		if h.in.Version == h.lateIf {
			h.land(h.late)
		}
		h.late = ""
	case h.one(40):
		h.person()
	}
	if h.one(3) { // a new leader
		text, err := json.Marshal(h.s)
		if err != nil {
			h.t.Fatal(err)
		}
		read, err := ParseState(text)
		if err != nil && h.s.Version != 0 {
			h.t.Fatal(err)
		}
		h.s = read
	}
}

func (h *history) health() Health {
	n := h.in.VantagePoints
	level := []Level{Healthy, Healthy, Healthy, Failing, Slow, Wrong}[h.r.IntN(6)]
	x := Health{Level: level, For: n, Since: h.in.Now.Add(-time.Duration(h.r.IntN(3600)) * time.Second)}
	if h.one(3) {
		x.For = h.r.IntN(n + 1)
		x.Against = h.r.IntN(n - x.For + 1)
	}
	if level == Healthy && h.one(10) {
		x.Unnamed = h.r.IntN(x.For + 1)
	}
	return x
}

// person writes as people do.
func (h *history) person() {
	value := zone.PrivateZone
	if h.one(3) {
		until := h.in.Now.Add(time.Duration(h.r.IntN(1200)) * time.Second).UTC().Format(time.RFC3339)
		value = []string{
			"hangzhou", "zhangjiakou/internal", "to: hangzhou\nuntil: " + until, "to: zhangjiakou\nreason: tests\nuntil: " + until,
			"to: hangzhou\nfrom: privatezone\nshare: 10\nuntil: " + until, "", "hangzou", "to: privatezone\nfrom: hangzhou\nnodes: node-a",
			"to: zhangjiakou\nfrom: hangzhou\nshare: 50\nuntil: " + until, "to: hangzhou\nfrom: privatezone\nnodes: node-a\nuntil: " + until,
			"to: privatezone\nfrom: hangzhou\nnodes: node-a\nuntil: " + until,
		}[h.r.IntN(11)]
		if h.landed != "" && h.landed != h.in.Switch && h.one(8) {
			value = h.landed
		}
	}
	h.write(value)
	h.ours = false
}

func (h *history) write(value string) {
	h.in.Switch = value
	h.writes++
	h.in.Version = fmt.Sprint(h.writes)
	h.note()
}

// note remembers what the switch that stands now has changed.
func (h *history) note() {
	sw, err := h.in.Endpoint.ParseSwitch(h.in.Switch)
	if err != nil { // what was valid last is in force
		return
	}
	stands, first := fmt.Sprint(sw.To, sw.From, sw.Scope, sw.Share, sw.Nodes), h.stands == ""
	follows := sw.From.FollowsPrivateZone() && (sw.To.FollowsPrivateZone() || sw.Scope == zone.NamedNodes)
	if !first && stands != h.stands {
		h.changed = h.in.Now
	}
	if !first && follows && !h.follows {
		h.returned = h.in.Now
	}
	h.stands, h.follows = stands, follows
}

// land carries a Move out.
func (h *history) land(value string) {
	h.write(value)
	h.ours, h.landed = true, value
	h.moves = append(h.moves, h.in.Now)
}

// step decides, judges the decision, and does with it what a writer does, or fails to.
func (h *history) step() {
	before, _ := json.Marshal(h.s)
	d := Decide(h.in, h.s)
	if again := Decide(h.in, h.s); !reflect.DeepEqual(d, again) {
		h.t.Error("the same input gives two decisions:", cmp.Diff(d, again))
	}
	if after, _ := json.Marshal(h.s); string(before) != string(after) {
		h.t.Errorf("it changes what it was given: %s to %s", before, after)
	}
	h.counts[string(d.Action)]++
	h.counts[string(d.Hold)]++
	if d.Ill {
		h.counts["ill"]++
	}
	if d.Ill && (d.Hold == NotNeeded || d.Hold == FailbackByHand) || d.Action == Move && !d.Ill {
		h.t.Errorf("where it leads is ill: %t, and it does %s: %s", d.Ill, d.Action, d.Why)
	}
	sw, err := h.in.Endpoint.ParseSwitch(h.in.Switch)
	if err != nil && d.Action != HoldStill {
		h.t.Errorf("it writes over what can't be read, %q", h.in.Switch)
	}
	h.s = d.Next
	switch d.Action {
	case Move:
		h.judgeMove(d, sw)
		switch h.r.IntN(8) {
		case 0:
			h.s = h.s.Refused()
		case 1: // lost
		case 2:
			h.late, h.lateIf = d.Value, h.in.Version
		default:
			h.land(d.Value)
		}
	case Return, Extend:
		h.judgeUntil(d, sw)
		if !h.one(4) {
			h.write(d.Value)
		}
	}
}

func (h *history) judgeMove(d Decision, sw zone.Switch) {
	in, t := h.in, h.t
	next, err := in.Endpoint.ParseSwitch(d.Value)
	if err != nil || next.Scope != zone.AllNodes || next.To.FollowsPrivateZone() || strings.Contains(d.Value, "until:") {
		t.Errorf("it writes %q: %v", d.Value, err)
	}
	if in.Rules.Mode != config.Automatic {
		t.Error("it moves in manual mode")
	}
	if !h.ours && (!sw.To.FollowsPrivateZone() || !sw.From.FollowsPrivateZone()) {
		t.Errorf("it overrides a person's %q", in.Switch)
	}
	agreed := func(x Health) bool {
		return 3*x.For >= 2*in.VantagePoints && 3*x.For >= 2*(x.For+x.Against)
	}
	to := in.Health[next.To]
	named := to
	named.Against += to.Unnamed
	named.For -= to.Unnamed
	if to.Level != Healthy || !agreed(named) {
		t.Errorf("it moves to %s, which is %+v", next.To, to)
	}
	if share, known := in.Ready[next.To.Instance]; !known && in.Rules.ReadyShare > 0 || share < in.Rules.ReadyShare {
		t.Errorf("it moves to %s, which has %v of the images", next.To, share)
	}
	if _, err := in.Endpoint.Answer(next, in.Learnt, ""); err != nil {
		t.Error(err)
	}
	from := sw.To
	if !h.ours && in.ZoneKnown {
		from = in.ZoneTarget
	}
	if h.ours || in.ZoneKnown {
		if x := in.Health[from]; x.Level == Healthy || !agreed(x) {
			t.Errorf("it leaves %s, which is %+v", from, x)
		}
	}
	dwell := max(in.Rules.Dwell.Duration, 32*time.Second) // as long as 3 + 3 probes take
	if since := in.Now.Sub(h.changed); since < dwell {
		t.Errorf("it moves %s after the switch has changed", since)
	}
	if since := in.Now.Sub(h.returned); since < 3*dwell {
		t.Errorf("it moves %s after PrivateZone is followed again", since)
	}
	if since := in.Now.Sub(to.Since); since < dwell {
		t.Errorf("it moves to %s, which is well for %s", next.To, since)
	}
	within := 0
	for _, m := range h.moves {
		if in.Now.Sub(m) < 24*time.Hour {
			within++
		}
	}
	if within >= in.Rules.MaxPerDay {
		t.Errorf("it moves after %d moves within 24 hours, of %d", within, in.Rules.MaxPerDay)
	}
}

func (h *history) judgeUntil(d Decision, sw zone.Switch) {
	in, t := h.in, h.t
	if h.ours || sw.Until.IsZero() || in.Now.Before(sw.Until) {
		t.Errorf("it ends %q, which has time", in.Switch)
	}
	next, err := in.Endpoint.ParseSwitch(d.Value)
	if err != nil {
		t.Errorf("it writes %q: %v", d.Value, err)
	}
	if d.Action == Extend {
		if sw.Scope == zone.NamedNodes {
			t.Errorf("it keeps nodes away from the others: %q", in.Switch)
		}
		if !next.Until.After(in.Now.Add(Extension)) || next.Until.After(in.Now.Add(Extension+time.Second)) {
			t.Errorf("it extends to %s", next.Until)
		}
		next.Until = sw.Until
		if diff := cmp.Diff(sw, next); diff != "" {
			t.Errorf("it changes more than the time: %s", diff)
		}
		return
	}
	if next.To != sw.From || next.Scope != zone.AllNodes {
		t.Errorf("after %q it writes %q", in.Switch, d.Value)
	}
	switch x := in.Health[sw.From]; {
	case sw.Scope == zone.NamedNodes: // all the others are there
		return
	case !sw.From.FollowsPrivateZone():
		if x.Level != Healthy || 3*x.For < 2*in.VantagePoints {
			t.Errorf("it returns to %s, which is %+v", sw.From, x)
		}
		return
	}
	if x := in.Health[in.ZoneTarget]; !in.ZoneKnown || x.Level != Healthy || 3*x.For < 2*in.VantagePoints || len(in.Learnt.Zones) == 0 {
		t.Errorf("it returns to %s, which is %+v", in.ZoneTarget, x)
	}
}

// TestACloudThatIsSilentMovesNothing lets everything be well that carries pulls, while
// what is read from PrivateZone comes, goes, and is edited.
func TestACloudThatIsSilentMovesNothing(t *testing.T) {
	for _, sw := range []string{zone.PrivateZone, own(hangzhou), "zhangjiakou"} {
		r := rand.New(rand.NewPCG(1, 2))
		in := situation(true)
		in.Switch = sw
		s := remembered(t, in, time.Hour)
		for range 2000 {
			in.Now = in.Now.Add(time.Duration(r.IntN(600)) * time.Second)
			in.ZoneKnown = r.IntN(2) == 0
			in.ZoneTarget = []zone.Target{{}, zhangjiakou, hangzhou}[r.IntN(3)]
			in.Learnt.Zones = nil
			d := Decide(in, s)
			if d.Action != HoldStill {
				t.Fatalf("got %s: %s", d.Action, d.Why)
			}
			s = d.Next
		}
	}
}

// TestASilentCloudDelaysNoFailover is the other half: the instance is ill, and nobody
// knows what PrivateZone says.
func TestASilentCloudDelaysNoFailover(t *testing.T) {
	for sentence, known := range map[string]bool{"since a moment ago": true, "since ever": false} {
		t.Run(sentence, func(t *testing.T) {
			in := situation(false)
			in.ZoneKnown = known
			s := remembered(t, in, time.Hour)
			in.ZoneKnown, in.Learnt.Zones = false, nil
			in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
			if got := outcome(t, in, Decide(in, s)); got != "move to hangzhou/internal" {
				t.Error(got)
			}
		})
	}
}

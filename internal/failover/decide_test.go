package failover

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// "automatic: X" in the switch is a value that automatic mode has written. The last
// column but one is what was before; "1h" is since when the switch leads there.
var decisionTable = []struct {
	sw, zone, primary, standby, ready, before, want string
}{
	{"privatezone", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "1h", "hold still: NotNeeded"},
	{"privatezone", "zhangjiakou", "healthy 10-5", "healthy 15-0", "1", "1h", "hold still: NotNeeded"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 10-5", "healthy 10-5", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 10-0", "healthy 10-0", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "slow 15-0", "healthy 15-0", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "wrong 15-0", "healthy 15-0", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 9-6", "healthy 15-0", "1", "1h", "hold still: Disagree"},
	{"privatezone", "zhangjiakou", "healthy 9-6", "healthy 15-0", "1", "1h", "hold still: Disagree"},
	{"privatezone", "zhangjiakou", "failing 9-0", "healthy 15-0", "1", "1h", "hold still: Blind"},
	{"privatezone", "zhangjiakou", "nobody", "nobody", "1", "1h", "hold still: Blind"},
	{"privatezone", "zhangjiakou", "failing 15-0", "failing 15-0", "1", "1h", "hold still: AllBad"},
	{"privatezone", "zhangjiakou", "failing 15-0", "slow 15-0", "1", "1h", "hold still: AllBad"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 9-6", "1", "1h", "hold still: Disagree"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 9-0", "1", "1h", "hold still: Blind"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0 for 9m59s", "1", "1h", "hold still: Unsettled"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0 for 10m", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "unknown", "1h", "hold still: ReadinessUnknown"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "0.949", "1h", "hold still: NotReady"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "0.95", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "unknown", "readyShare 0", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "0", "readyShare 0", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0 (6 unnamed)", "1", "1h", "hold still: Unnamed"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0 (5 unnamed)", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "healthy 15-0 (15 unnamed)", "healthy 15-0", "1", "1h", "hold still: NotNeeded"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "no address of hangzhou", "hold still: NoAddress"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "9m59s", "hold still: Dwelling"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "10m", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "nothing", "hold still: Dwelling"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "returned 29m59s ago", "hold still: HeldDown"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "returned 30m ago", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "3 moves", "move to hangzhou/internal"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "4 moves", "hold still: DayFull"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "manual mode", "hold still: ManualMode"},
	{"privatezone", "not known", "healthy 15-0", "healthy 15-0", "1", "1h", "hold still: NotNeeded"},
	{"privatezone", "not known", "failing 15-0", "healthy 15-0", "1", "1h", "move to hangzhou/internal"},
	{"privatezone", "elsewhere", "failing 15-0", "healthy 15-0", "1", "1h", "hold still: ZoneElsewhere"},
	{"privatezone", "hangzhou", "failing 15-0", "healthy 15-0", "1", "1h", "hold still: NotNeeded"},
	{"privatezone", "hangzhou", "healthy 15-0", "failing 15-0", "1", "1h", "move to zhangjiakou/internal"},
	{"privatezone", "hangzhou", "failing 15-0", "healthy 15-0", "1", "zone edited 5m ago", "hold still: NotNeeded"},
	{"privatezone", "hangzhou", "healthy 15-0", "failing 15-0", "1", "zone edited 5m ago", "hold still: Dwelling"},
	{"automatic: hangzhou", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "hold still: FailbackByHand"},
	{"automatic: hangzhou", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "1h", "hold still: FailbackByHand"},
	{"automatic: hangzhou", "zhangjiakou", "healthy 15-0", "failing 15-0", "1", "1h", "move to zhangjiakou/internal"},
	{"automatic: hangzhou", "zhangjiakou", "healthy 15-0", "failing 15-0", "0.5", "1h", "hold still: NotReady"},
	{"automatic: hangzhou", "zhangjiakou", "healthy 15-0", "failing 15-0", "1", "5m", "hold still: Dwelling"},
	{"automatic: hangzhou", "zhangjiakou", "failing 15-0", "failing 15-0", "1", "1h", "hold still: AllBad"},
	{"automatic: hangzhou", "zhangjiakou", "healthy 15-0", "failing 15-0", "1", "nothing", "hold still: SetByPerson"},
	{"hangzhou", "zhangjiakou", "healthy 15-0", "failing 15-0", "1", "1h", "hold still: SetByPerson"},
	{"zhangjiakou", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "hold still: SetByPerson"},
	{"to: hangzhou; from: privatezone; share: 10", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "hold still: SetByPerson"},
	{"to: privatezone; reason: well again", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "move to hangzhou/internal"},
	{"hangzou", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "hold still: SwitchInvalid"},
	{"", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "hold still: SwitchInvalid"},
	{"to: hangzhou; until: 2026-11-23T12:00:01Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "1h", "hold still: SetByPerson"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "1h", "return to privatezone"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "failing 15-0", "1", "1m", "return to privatezone"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "manual mode", "return to privatezone"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "unknown", "1h", "return to privatezone"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "4 moves", "return to privatezone"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "extend to 12:10:01: ZoneIll"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "failing 15-0", "failing 15-0", "1", "manual mode", "extend to 12:10:01: ZoneIll"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 9-6", "healthy 15-0", "1", "1h", "extend to 12:10:01: Disagree"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "nobody", "nobody", "1", "1h", "extend to 12:10:01: Blind"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "0.5", "1h", "extend to 12:10:01: NotReady"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "no address in PrivateZone", "extend to 12:10:01: NoAddress"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "not known", "healthy 15-0", "healthy 15-0", "1", "1h", "extend to 12:10:01: ZoneUnknown"},
	{"to: hangzhou; until: 2026-11-23T12:00:00Z", "elsewhere", "healthy 15-0", "healthy 15-0", "1", "1h", "extend to 12:10:01: ZoneElsewhere"},
	{"to: hangzhou; from: privatezone; nodes: node-a; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "1m", "return to privatezone"},
	{"to: hangzhou; from: privatezone; nodes: node-a; until: 2026-11-23T12:00:00Z", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "manual mode", "return to privatezone"},
	{"to: hangzhou; from: privatezone; nodes: node-a; until: 2026-11-23T12:00:00Z", "not known", "nobody", "nobody", "unknown", "1h", "return to privatezone"},
	{"to: zhangjiakou; from: hangzhou; nodes: node-a; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "failing 15-0", "1", "1h", "return to hangzhou/internal"},
	{"to: hangzhou; from: privatezone; share: 50; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "1h", "return to privatezone"},
	{"to: hangzhou; from: privatezone; share: 50; until: 2026-11-23T12:00:00Z", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "1h", "extend to 12:10:01: ZoneIll"},
	{"to: zhangjiakou; from: hangzhou; share: 50; until: 2026-11-23T12:00:00Z", "not known", "healthy 15-0", "healthy 15-0", "1", "1h", "return to hangzhou/internal"},
	{"to: zhangjiakou; from: hangzhou; share: 50; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "failing 15-0", "1", "1h", "extend to 12:10:01: FromIll"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "nodes returned 9m59s ago", "hold still: Dwelling"},
	{"privatezone", "zhangjiakou", "failing 15-0", "healthy 15-0", "1", "nodes returned 10m ago", "move to hangzhou/internal"},
	{"to: privatezone; until: 2026-11-23T12:00:00Z", "zhangjiakou", "healthy 15-0", "healthy 15-0", "1", "1h", "hold still: NotNeeded"},
}

func TestDecisionTable(t *testing.T) {
	seen := map[Hold]bool{}
	for n, row := range decisionTable {
		t.Run(fmt.Sprintf("%d: %s", n, row.want), func(t *testing.T) {
			in := situation(false)
			in.Switch = strings.ReplaceAll(row.sw, "; ", "\n")
			if row.sw == "automatic: hangzhou" {
				in.Switch = own(hangzhou)
			}
			in.ZoneTarget = map[string]zone.Target{"zhangjiakou": zhangjiakou, "hangzhou": hangzhou}[row.zone]
			in.ZoneKnown = row.zone != "not known"
			in.Health = map[zone.Target]Health{zhangjiakou: sees(t, row.primary), hangzhou: sees(t, row.standby)}
			share, err := strconv.ParseFloat(row.ready, 64)
			in.Ready = map[string]float64{"hangzhou": share, "zhangjiakou": share}
			if err != nil {
				in.Ready = nil
			}
			s := past(t, &in, row.before)
			d := Decide(in, s)
			seen[d.Hold] = true
			if got := outcome(t, in, d); got != row.want {
				t.Errorf("got  %s: %s\nwant %s", got, d.Why, row.want)
			}
		})
	}
	for _, h := range Holds {
		if !seen[h] && h != NotWritten {
			t.Errorf("no row of the table ends in %s", h)
		}
		if h.Sentence() == "" {
			t.Errorf("%s has no sentence", h)
		}
	}
}

// past makes what was before a row, or changes what is now.
func past(t *testing.T, in *Input, text string) State {
	t.Helper()
	quiet := remembered(t, *in, time.Hour)
	switch text {
	case "nothing":
		return State{}
	case "manual mode":
		in.Rules.Mode = config.Manual
		return quiet
	case "no address of hangzhou":
		in.Endpoint.Instances[0].InternalAddrs = nil
		in.Endpoint.Instances[0].VPC, in.Endpoint.LearnsInternal = "vpc-aaaaa", true
		return quiet
	case "readyShare 0":
		in.Rules.ReadyShare = 0
		return quiet
	case "no address in PrivateZone":
		in.Learnt.Zones = nil
		return quiet
	case "zone edited 5m ago":
		was := *in
		was.ZoneTarget = zhangjiakou
		s := remembered(t, was, time.Hour)
		now := *in
		now.Now = noon.Add(-5 * time.Minute)
		return Decide(now, s).Next
	}
	var moves int
	if _, err := fmt.Sscanf(text, "%d moves", &moves); err == nil {
		for n := range moves {
			quiet.Moves = append(quiet.Moves, noon.Add(time.Duration(n-23)*time.Hour))
		}
		return quiet
	}
	before := "hangzhou"
	if all, is := strings.CutPrefix(text, "nodes "); is {
		before, text = "to: hangzhou\nfrom: privatezone\nnodes: node-a", all
	}
	if span, is := strings.CutPrefix(text, "returned "); is {
		was, now := *in, *in
		was.Switch, was.Version = before, "0"
		now.Now = noon.Add(-duration(t, strings.TrimSuffix(span, " ago")))
		return Decide(now, remembered(t, was, time.Hour)).Next
	}
	return remembered(t, *in, duration(t, text))
}

// outcome is a decision in a few words, as it is parsed from what would be written.
func outcome(t *testing.T, in Input, d Decision) string {
	t.Helper()
	if d.Action == HoldStill {
		if d.Value != "" {
			t.Errorf("it holds still and writes %q", d.Value)
		}
		return fmt.Sprintf("%s: %s", d.Action, d.Hold)
	}
	sw, err := in.Endpoint.ParseSwitch(d.Value)
	if err != nil {
		t.Fatal(err)
	}
	if d.Action == Extend {
		return fmt.Sprintf("extend to %s: %s", sw.Until.Format(time.TimeOnly), d.Hold)
	}
	if sw.Scope != zone.AllNodes || !sw.Until.IsZero() || sw.SetBy != SetBy || sw.Reason != d.Why {
		t.Errorf("it writes %q", d.Value)
	}
	return fmt.Sprintf("%s to %s", d.Action, sw.To)
}

func TestWhatIsIllIsToldWhateverIsDone(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*Input)
		ill    bool
	}{
		"all is well":                           {func(in *Input) { in.Health[zhangjiakou] = Health{Level: Healthy, For: 15} }, false},
		"nobody can tell":                       {func(in *Input) { in.Health[zhangjiakou] = Health{Level: Failing, For: 9, Against: 6} }, false},
		"it moves":                              {func(*Input) {}, true},
		"the target is ill, too":                {func(in *Input) { in.Health[hangzhou] = Health{Level: Slow, For: 15} }, true},
		"it has moved enough":                   {func(in *Input) { in.Rules.MaxPerDay = 0 }, true},
		"people throw the switch":               {func(in *Input) { in.Rules.Mode = config.Manual }, true},
		"a person has led it there":             {func(in *Input) { in.Switch = "zhangjiakou" }, true},
		"a person has led it away":              {func(in *Input) { in.Switch = "hangzhou" }, false},
		"the switch says nothing":               {func(in *Input) { in.Switch = "" }, false},
		"PrivateZone leads to none of them all": {func(in *Input) { in.ZoneTarget = zone.Target{} }, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			in := situation(false)
			in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
			test.change(&in)
			if d := Decide(in, remembered(t, in, time.Hour)); d.Ill != test.ill {
				t.Errorf("got %t: %s: %s", d.Ill, d.Action, d.Why)
			}
		})
	}
}

func TestThePrimaryComesBeforeOthers(t *testing.T) {
	for sentence, test := range map[string]struct {
		ill  []zone.Target
		want string
	}{
		"from the primary to the first that is configured":       {[]zone.Target{zhangjiakou}, "move to hangzhou/internal"},
		"to the next where that one is ill, by its own network":  {[]zone.Target{zhangjiakou, hangzhou}, "move to shanghai/public"},
		"with three that are ill nothing moves":                  {[]zone.Target{zhangjiakou, hangzhou, shanghai}, "hold still: AllBad"},
		"from the standby to the primary before any third":       {[]zone.Target{hangzhou}, "move to zhangjiakou/internal"},
		"from the standby to a third where the primary is ill":   {[]zone.Target{hangzhou, zhangjiakou}, "move to shanghai/public"},
		"a network that isn't the instance's own isn't a target": {[]zone.Target{zhangjiakou, hangzhou, shanghai, {Instance: "shanghai", Network: zone.Internal}}, "hold still: AllBad"},
	} {
		t.Run(sentence, func(t *testing.T) {
			in := situation(true)
			if test.ill[0] == hangzhou {
				in.Switch = own(hangzhou)
			}
			for _, target := range test.ill {
				in.Health[target] = Health{Level: Failing, For: 15}
			}
			in.Health[zone.Target{Instance: "shanghai", Network: zone.Internal}] = Health{Level: Healthy, For: 15}
			if got := outcome(t, in, Decide(in, remembered(t, in, time.Hour))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestThePrimaryComesFirstWhereverItIsConfigured has shanghai for the primary, which is the last.
func TestThePrimaryComesFirstWhereverItIsConfigured(t *testing.T) {
	in := situation(true)
	in.Primary, in.Switch = "shanghai", own(hangzhou)
	in.Health[hangzhou] = Health{Level: Failing, For: 15}
	if got := outcome(t, in, Decide(in, remembered(t, in, time.Hour))); got != "move to shanghai/public" {
		t.Error(got)
	}
}

// TestAnotherNetworkIsNoOtherInstance: what is ill over one network isn't trusted over another.
func TestAnotherNetworkIsNoOtherInstance(t *testing.T) {
	in := situation(false)
	in.ZoneTarget = zone.Target{Instance: "zhangjiakou", Network: zone.Public}
	in.Health[in.ZoneTarget] = Health{Level: Failing, For: 15}
	in.Health[hangzhou] = Health{Level: Failing, For: 15}
	if got := outcome(t, in, Decide(in, remembered(t, in, time.Hour))); got != "hold still: AllBad" {
		t.Error(got)
	}
}

// TestPrivateZoneIsBelievedToBeAsItWasLast, not as it was at first, nor to lead to the primary.
func TestPrivateZoneIsBelievedToBeAsItWasLast(t *testing.T) {
	in := situation(false)
	s := remembered(t, in, 2*time.Hour)
	in.ZoneTarget = hangzhou
	s = Decide(in, s).Next
	in.Now, in.ZoneKnown, in.ZoneTarget = noon.Add(time.Hour), false, zone.Target{}
	in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
	d := Decide(in, s)
	if d.Hold != NotNeeded {
		t.Errorf("got %s: %s", d.Action, d.Why)
	}
	in.Health[zhangjiakou], in.Health[hangzhou] = in.Health[hangzhou], in.Health[zhangjiakou]
	if got := outcome(t, in, Decide(in, d.Next)); got != "move to zhangjiakou/internal" {
		t.Error(got)
	}
}

func TestWhyTellsWhatWasSeen(t *testing.T) {
	in := situation(false)
	in.Health[zhangjiakou] = Health{Level: Slow, For: 12, Against: 3, Since: noon.Add(-time.Minute)}
	const want = "zhangjiakou/internal is slow for 12 of 15 vantage points since 2026-11-23T11:59:00Z, and not for 3; " +
		"hangzhou/internal is healthy for 15 of 15 vantage points, with 100.0 % of the images"
	d := Decide(in, remembered(t, in, time.Hour))
	if d.Why != want || d.Value != "to: hangzhou/internal\nreason: "+want+"\nset-by: "+SetBy {
		t.Errorf("got %s\nand %s", d.Why, d.Value)
	}
}

func TestQuorum(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 4, 9: 6, 15: 10} {
		if got := Quorum(n); got != want {
			t.Errorf("of %d vantage points %d must agree, want %d", n, got, want)
		}
	}
}

func TestDwellIsNeverShorterThanAChangeAndItsEndTakeToSee(t *testing.T) {
	in := situation(false)
	in.Rules.Dwell.Duration = 0
	if got, want := in.dwell(), 32*time.Second; got != want { // (3+3)*5s + 2s
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAShareThatIsNoNumberIsNotReady(t *testing.T) {
	in := situation(false)
	in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
	in.Ready["hangzhou"] = math.NaN()
	if d := Decide(in, remembered(t, in, time.Hour)); d.Hold != NotReady {
		t.Errorf("got %s: %s", d.Action, d.Why)
	}
}

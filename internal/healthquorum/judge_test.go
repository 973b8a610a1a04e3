package healthquorum

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/test/doctable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the table into docs/health.md")

var hangzhou = healthreport.Key{Endpoint: "cross-region.registry.io", Instance: "hangzhou", Network: "internal"}

// reports are of probers who say this of hangzhou; "-" doesn't tell of it.
func reports(levels ...string) []healthreport.Report {
	var all []healthreport.Report
	for n, level := range levels {
		var r healthreport.Report
		if level != "-" {
			r.Instances = []healthreport.Instance{
				{Key: healthreport.Key{Endpoint: "other.registry.io", Instance: "hangzhou", Network: "internal"}, Level: "other"},
				{Key: hangzhou, Level: healthreport.Level(level), Reason: "says " + level, LatencyMillis: int64(10 * (n + 1))},
			}
		}
		all = append(all, r)
	}
	return all
}

func TestWhatTheProbersMeanTogether(t *testing.T) {
	table := [][]string{{"wanted", "fresh reports say", "finding", "reason"}}
	for _, test := range []struct {
		wanted int
		say    string
		level  healthreport.Level
		reason string
		agree  int
	}{
		{1, "healthy", "healthy", "says healthy", 1},
		{1, "", Blind, "0 of 1 probers have a fresh report, and at least 1 must", 0},
		{-1, "healthy", Blind, "how many probers there should be isn't known: the nodes haven't been counted yet", 0},
		{0, "", Blind, "0 of 0 probers have a fresh report, and at least 1 must", 0},
		{2, "unreachable", Blind, "1 of 2 probers have a fresh report, and at least 2 must", 0},
		{2, "unreachable unreachable", "unreachable", "says unreachable", 2},
		{2, "unreachable healthy", Disagreement, "the probers don't agree: 1 say healthy, 1 say unreachable", 0},
		{3, "healthy healthy unreachable", "healthy", "says healthy", 2},
		{3, "slow healthy slow", "slow", "says slow", 2},
		{3, "unreachable failing healthy", "failing", "says failing", 2},
		{3, "unreachable failing unknown", "failing", "says failing", 2},
		{3, "slow healthy unknown", Disagreement, "the probers don't agree: 1 say healthy, 1 say slow, 1 say unknown", 0},
		{3, "healthy healthy", "healthy", "says healthy", 2},
		{3, "healthy -", Disagreement, "the probers don't agree: 1 say healthy, 1 say unknown", 0},
		{3, "- - healthy", "unknown", "the prober has another configuration", 2},
		{4, "healthy healthy", Blind, "2 of 4 probers have a fresh report, and at least 3 must", 0},
		{4, "healthy healthy unreachable unreachable", Disagreement, "the probers don't agree: 2 say healthy, 2 say unreachable", 0},
		{5, "wrong-identity wrong-identity wrong-identity healthy healthy", "wrong-identity", "says wrong-identity", 3},
		{5, "slow slow failing healthy healthy", "slow", "says slow", 3},
	} {
		said := test.say
		if said == "" {
			said = "nothing"
		}
		said = strings.ReplaceAll(said, " ", ", ")
		said = strings.ReplaceAll(said, "-", "(not told)")
		said = strings.ReplaceAll(said, "wrong(not told)identity", "wrong-identity")
		table = append(table, []string{strings.Replace(fmt.Sprint(test.wanted), "-1", "not known", 1), said, "`" + string(test.level) + "`", strings.ReplaceAll(test.reason, "says ", "theirs: ")})
		t.Run(said, func(t *testing.T) {
			f := Judge(hangzhou, reports(strings.Fields(test.say)...), test.wanted)
			if f.Level != test.level || f.Reason != test.reason || f.Agree != test.agree {
				t.Errorf("%+v", f)
			}
		})
	}
	doctable.Check(t, "../../docs/health.md", "quorum", table, *update)
}

// TestTheOrderOfReportsIsNoMatter, whatever they say.
func TestTheOrderOfReportsIsNoMatter(t *testing.T) {
	var all []string
	for _, level := range healthreport.Levels() {
		all = append(all, string(level))
	}
	for a := range all {
		for b := range all {
			for c := range all {
				want := Judge(hangzhou, reports(all[a], all[b], all[c]), 3)
				got := Judge(hangzhou, reports(all[c], all[a], all[b]), 3)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s, %s, %s: %s", all[a], all[b], all[c], diff)
				}
				if bad := want.Level.Bad(); bad && want.Agree < 2 || want.Level == healthreport.Healthy && want.Agree < 2 {
					t.Errorf("%d of 3 decide: %+v", want.Agree, want)
				}
			}
		}
	}
}

func TestAnInstanceIsNamedWhereMoreThanHalfSaySo(t *testing.T) {
	for named, want := range map[int]bool{0: false, 1: false, 2: true, 3: true} {
		all := reports("healthy", "healthy", "healthy")
		for n := range named {
			all[n].Instances[1].Named = true
		}
		if f := Judge(hangzhou, all, 3); f.Named != want || f.Level != healthreport.Healthy {
			t.Errorf("%d of 3: %+v", named, f)
		}
	}
}

// TestANodeHasOneVoice, though a pod that has ended may have left its report.
func TestANodeHasOneVoice(t *testing.T) {
	now := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	say := func(name, holder string, age time.Duration, level string) Sighting {
		return Sighting{name, holder, now.Add(-age), reports(level)[0]}
	}
	for sentence, test := range map[string]struct {
		all  []Sighting
		want string
	}{
		"the newest counts, whichever comes first": {[]Sighting{say("a-1", "a", 20*time.Second, "unreachable"), say("b-1", "b", 0, "slow"), say("a-2", "a", time.Second, "healthy")}, "healthy slow"},
		"or last":                           {[]Sighting{say("a-2", "a", time.Second, "healthy"), say("a-1", "a", 20*time.Second, "unreachable")}, "healthy"},
		"one that is old counts for nobody": {[]Sighting{say("a-1", "a", time.Hour, "unreachable"), say("a-2", "a", 0, "healthy")}, "healthy"},
		"nodes that don't say who they are are different": {[]Sighting{say("a-1", "", 0, "healthy"), say("b-1", "", 0, "slow")}, "healthy slow"},
	} {
		var got []string
		for _, r := range (Freshness{}).Fresh(test.all, now) {
			got = append(got, string(r.Instances[1].Level))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %q", sentence, got)
		}
	}
}

func TestTheReasonIsWhatMostSay(t *testing.T) {
	all := reports("failing", "failing", "failing")
	all[0].Instances[1].Reason, all[1].Instances[1].Reason, all[2].Instances[1].Reason = "b", "a", "b"
	if f := Judge(hangzhou, all, 3); f.Reason != "b" || f.LatencyMillis != 20 {
		t.Errorf("%+v", f)
	}
	all[2].Instances[1].Reason = "c"
	if f := Judge(hangzhou, all, 3); f.Reason != "a" {
		t.Errorf("of several the first: %+v", f)
	}
}

func TestAReportIsFreshAsLongAsItsRenewalsAreSeen(t *testing.T) {
	begin := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	f := Freshness{}
	fresh := func(after time.Duration, renewed ...time.Duration) int {
		var all []Sighting
		for n, r := range renewed {
			all = append(all, Sighting{Name: fmt.Sprint(n), Renewed: begin.Add(r)})
		}
		return len(f.Fresh(all, begin.Add(after)))
	}
	for _, step := range []struct {
		sentence string
		after    time.Duration
		renewed  []time.Duration
		want     int
	}{
		{"one that was just renewed, and one of long ago", 0, []time.Duration{0, -time.Hour}, 1},
		{"neither is renewed", 90 * time.Second, []time.Duration{0, -time.Hour}, 1},
		{"and a second later", 91 * time.Second, []time.Duration{0, -time.Hour}, 0},
		{"one whose clock is an hour behind is renewed", 92 * time.Second, []time.Duration{0, -time.Hour + time.Second}, 1},
		{"and stays fresh", 180 * time.Second, []time.Duration{0, -time.Hour + time.Second}, 1},
		{"and is gone", 181 * time.Second, []time.Duration{0}, 0},
		{"one whose clock is ahead isn't fresh for ever", 182 * time.Second, []time.Duration{0, time.Hour}, 1},
		{"when it isn't renewed", 280 * time.Second, []time.Duration{0, time.Hour}, 0},
	} {
		if got := fresh(step.after, step.renewed...); got != step.want {
			t.Errorf("%s: %d are fresh", step.sentence, got)
		}
	}
}

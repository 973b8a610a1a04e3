package saferules

import (
	"flag"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/zone"
	"github.com/registry-failover/registry-failover/test/doctable"
)

var update = flag.Bool("update", false, "write the tables into docs/failover.md")

func TestDecisions(t *testing.T) {
	for _, row := range decisions {
		t.Run(string(row.rule)+": "+row.where, func(t *testing.T) {
			f := well(t, row.target)
			if row.edit != nil {
				row.edit(&f)
			}
			for _, v := range Judge(f, nil) {
				if v.Rule != row.rule {
					continue
				}
				if v.Outcome != row.want || v.Why != row.why {
					t.Errorf("%s: %s", v.Outcome, v.Why)
				}
				if stops := row.want == Fail || row.want == NobodyKnows; v.Stops() != stops || (v.Remedy != "") != stops {
					t.Errorf("it stops: %v, remedy %q", v.Stops(), v.Remedy)
				}
				return
			}
			t.Error("it is not judged")
		})
	}
}

func TestTheDocumentShowsTheDecisions(t *testing.T) {
	rows := [][]string{{"rule", "where", "outcome", "what is said"}}
	for _, d := range decisions {
		rows = append(rows, []string{"`" + string(d.rule) + "`", d.where, string(d.want), d.why})
	}
	doctable.Check(t, "../../docs/failover.md", "decisions", rows, *update)
}

func TestWhichRulesAreAsked(t *testing.T) {
	forward := []Name{TargetHealthy, TargetReady, CredentialsPresent, Dwell, OneDirection, HasAnswer}
	for sentence, test := range map[string]struct {
		target zone.Target
		want   []Name
	}{
		"to the standby":      {hangzhou, forward},
		"to the primary":      {zhangjiakou, append(slices.Clone(forward), ImagesOnPrimary)},
		"back to privatezone": {privatezone, append(slices.Clone(forward), ZoneTarget, ImagesOnPrimary)},
	} {
		var got []Name
		for _, v := range Judge(well(t, test.target), nil) {
			got = append(got, v.Rule)
			if v.Outcome != Pass {
				t.Errorf("%s: %s: %s: %s", sentence, v.Rule, v.Outcome, v.Why)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", sentence, diff)
		}
	}
}

func TestWhoeverKnowsBetterOverridesByName(t *testing.T) {
	f := well(t, hangzhou)
	both(told(""), changed(Change{At: noon}))(&f)
	if diff := cmp.Diff([]Name{TargetReady, Dwell}, Stopping(Judge(f, nil))); diff != "" {
		t.Error(diff)
	}
	verdicts := Judge(f, []Name{Dwell, TargetHealthy})
	if diff := cmp.Diff([]Name{TargetReady}, Stopping(verdicts)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Name{Dwell}, Overridden(verdicts)); diff != "" {
		t.Errorf("a rule that holds needs no override: %s", diff)
	}
}

func TestAnEmptyAnswerIsNeverOverridden(t *testing.T) {
	f := well(t, hangzhou)
	f.Learnt = zone.State{}
	if diff := cmp.Diff([]Name{HasAnswer}, Stopping(Judge(f, []Name{HasAnswer}))); diff != "" {
		t.Error(diff)
	}
	f.LearntUnknown = "you may not read the state"
	if diff := cmp.Diff([]Name{HasAnswer}, Overridden(Judge(f, []Name{HasAnswer}))); diff != "" {
		t.Errorf("what nobody knows can be overridden: %s", diff)
	}
}

func FuzzReadTold(f *testing.F) {
	f.Add(wellTold)
	f.Add(`{"health":{"instances":[{"instance":"hangzhou","level":"x"}]},"readiness":{"at":"2026-11-23T11:59:00Z","instances":[{"instance":"hangzhou","share":-1}]},"stuck":null}`)
	f.Add(`{"privateZone":[],"readiness":5,"stuck":{"pods":1e99}}`)
	f.Add("null")
	f.Fuzz(func(t *testing.T, text string) {
		facts := well(t, privatezone)
		facts.Told = ReadTold(text)
		for _, v := range Judge(facts, nil) {
			if v.Why == "" || v.Outcome == "" {
				t.Errorf("%+v", v)
			}
		}
	})
}

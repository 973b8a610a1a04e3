package drill

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/zone"
	"github.com/registry-failover/registry-failover/test/doctable"
)

var hangzhou = healthreport.Key{Endpoint: "cross-region.registry.io", Instance: "hangzhou", Network: zone.Internal}

// prober is a report of a node's, as old as that at noon.
func prober(node string, age time.Duration, edit func(*healthreport.Instance)) coordinationv1.Lease {
	i := healthreport.Instance{Key: hangzhou, Level: healthreport.Healthy, Reason: "answers as itself", Named: true, LatencyMillis: 12}
	if edit != nil {
		edit(&i)
	}
	at := metav1.NewMicroTime(noon.Add(-age))
	return coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "prober-" + node, Annotations: healthreport.Report{Instances: []healthreport.Instance{i}}.Annotations()},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &node, RenewTime: &at},
	}
}

func TestWhatTheProbersHaveSeenSinceTheDrillBegan(t *testing.T) {
	before := []coordinationv1.Lease{prober("a", time.Minute, nil), prober("b", time.Minute, nil), prober("gone", time.Hour, nil)}
	slow := func(i *healthreport.Instance) { i.Level, i.Reason = healthreport.Slow, "takes 7s" }
	garbage := prober("b", 0, nil)
	garbage.Annotations = nil
	rows := [][]string{{"since the drill began, of the probers", "`identity`"}}
	for _, test := range []struct {
		sentence string
		now      []coordinationv1.Lease
		outcome  Outcome
		text     string
		details  []string
		waiting  []string
	}{
		{
			"all have seen it answer as itself", []coordinationv1.Lease{prober("a", 0, nil), prober("b", 0, nil)}, Passed, "2 of 2 probers have seen hangzhou/internal answer as itself since the drill began, in 12 ms at most", []string{}, nil,
		},
		{"all have, and one that is new", []coordinationv1.Lease{prober("a", 0, nil), prober("b", 0, nil), prober("c", 0, nil)}, Passed, "3 of 3 probers", []string{}, nil},
		{
			"all have, one by its certificate alone, as it names no instance", []coordinationv1.Lease{prober("a", 0, nil), prober("b", 0, func(i *healthreport.Instance) { i.Named = false })}, Passed, "1 of them by its certificate alone", []string{}, nil,
		},
		{
			"one finds it slow", []coordinationv1.Lease{prober("a", 0, nil), prober("b", 0, slow)}, Failed, "1 of 2 probers see hangzhou/internal answer as itself", []string{"b: slow: takes 7s"}, nil,
		},
		{
			"one hasn't reported", []coordinationv1.Lease{prober("a", 0, nil), prober("b", time.Minute, nil)}, Unknown, "1 of 2 probers have reported since the drill began", []string{"b: its prober hasn't reported since"}, []string{"b"},
		},
		{"none has reported", before, Unknown, "0 of 2 probers", []string{"a: its prober hasn't reported since", "b: its prober hasn't reported since"}, []string{"a", "b"}},
		{
			"one finds it slow, and the other hasn't reported", []coordinationv1.Lease{prober("a", 0, slow), prober("b", time.Minute, nil)}, Failed, "0 of 2 probers", []string{"a: slow: takes 7s"}, []string{"b"},
		},
		{"all have, and the old report of one is left that is no more", []coordinationv1.Lease{prober("a", 0, nil), prober("gone", time.Hour, slow)}, Passed, "1 of 1 prober has", []string{}, nil},
		{
			"all have, and the clock of one is ahead", []coordinationv1.Lease{prober("a", -time.Hour, nil), prober("b", 0, nil)}, Passed, "2 of 2 probers", []string{}, nil,
		},
		{
			"the clock of one is ahead, and the other hasn't reported", []coordinationv1.Lease{prober("a", -time.Hour, nil), prober("b", time.Minute, nil)}, Unknown, "1 of 2 probers", nil, []string{"b"},
		},
		{"there is none", nil, Unknown, "no prober reports", []string{}, nil},
		{
			"one has another configuration", []coordinationv1.Lease{prober("a", 0, nil), prober("b", 0, func(i *healthreport.Instance) { i.Instance = "other" })}, Failed, "1 of 2 probers",
			[]string{"b: its prober has another configuration, without hangzhou/internal"}, nil,
		},
		{"one has a report that can't be read", []coordinationv1.Lease{prober("a", 0, nil), garbage}, Failed, "1 of 2 probers", nil, nil},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			p, waiting := Seen(hangzhou, Probers{Before: before, Now: test.now, At: noon})
			if p.Outcome != test.outcome || !strings.Contains(p.Text, test.text) {
				t.Errorf("%+v", p)
			}
			if diff := cmp.Diff(test.details, p.Details); test.details != nil && diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.waiting, waiting); diff != "" {
				t.Error(diff)
			}
		})
		rows = append(rows, []string{test.sentence, marks[test.outcome]})
	}
	doctable.Check(t, page, "identity", rows, *update)
}

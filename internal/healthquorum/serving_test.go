package healthquorum

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

func TestWhoServesHowManyNodes(t *testing.T) {
	said := func(instance, reason string) healthreport.Report {
		return healthreport.Report{Serving: []healthreport.Serving{
			{Endpoint: "other.registry.io", Instance: "other"}, {Endpoint: hangzhou.Endpoint, Instance: instance, Reason: reason},
		}}
	}
	for sentence, test := range map[string]struct {
		fresh []healthreport.Report
		want  []Serving
	}{
		"nobody tells":              {nil, nil},
		"those of an older version": {[]healthreport.Report{{}, said("hangzhou", "by DNS")}, []Serving{{"hangzhou", 1, ""}}},
		"most come first": {
			[]healthreport.Report{said("", "b"), said("zhangjiakou", "x"), said("zhangjiakou", "y"), said("", "a"), said("", "b"), said("hangzhou", "x")},
			[]Serving{{"", 3, "b"}, {"zhangjiakou", 2, ""}, {"hangzhou", 1, ""}},
		},
		"as many by their names": {
			[]healthreport.Report{said("zhangjiakou", "x"), said("hangzhou", "y"), said("", "a")},
			[]Serving{{"", 1, "a"}, {"hangzhou", 1, ""}, {"zhangjiakou", 1, ""}},
		},
	} {
		if diff := cmp.Diff(test.want, serving(hangzhou.Endpoint, test.fresh)); diff != "" {
			t.Errorf("%s:\n%s", sentence, diff)
		}
	}
}

// TestWhoServesIsNoHealth: an instance that serves may fail, and one that doesn't be healthy.
func TestWhoServesIsNoHealth(t *testing.T) {
	with, without := reports("failing", "failing", "failing"), reports("failing", "failing", "failing")
	for n := range with {
		with[n].Serving = []healthreport.Serving{{Endpoint: hangzhou.Endpoint, Instance: "hangzhou"}}
	}
	if diff := cmp.Diff(Judge(hangzhou, without, 3), Judge(hangzhou, with, 3)); diff != "" {
		t.Error(diff)
	}
}

func TestThatAnotherServesIsPublished(t *testing.T) {
	s := Status{Serving: []Serving{{"hangzhou", 3, ""}}}
	if other := (Status{Serving: []Serving{{"hangzhou", 2, ""}, {"", 1, "r"}}}); !s.differs(other) || s.differs(s) {
		t.Error("it is no news")
	}
}

package stuckpods

import (
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/test/doctable"
)

const (
	all   = "hangzhou"
	wave  = "to: hangzhou\nfrom: privatezone\nnodes: node-a"
	share = "to: hangzhou\nfrom: privatezone\nshare: 100"
)

// decisions are the rows of the page's table. Times are before the moment of the decision;
// "-" is never. The pod is in back-off, on node-a, of a ReplicaSet, and never ran, but for
// what the row says.
var decisions = []struct {
	about                string
	value                string
	thrown, moved, waits string
	pod                  func(*Pod)
	verdict              Verdict
}{
	{"nobody has seen the switch change", all, "-", "1m", "5m", nil, NoSwitch},
	{"the switch was thrown long ago", all, "11m", "10m59s", "15m", nil, NoSwitch},
	{"the pod is younger than the switch", all, "2m", "1m59s", "1m", nil, BeganAfter},
	{"the pod is as old as the switch", all, "2m", "1m59s", "2m", nil, BeganAfter},
	{"the switch reached the node in an earlier wave, and the pod came since", all, "1m", "9m", "5m", nil, BeganAfter},
	{"no pull of it has failed yet", all, "1m", "59s", "5m", func(p *Pod) { p.Pulling = true }, PullInFlight},
	{"an init container of it has ended", all, "1m", "59s", "5m", func(p *Pod) { p.NeverRan = false }, HasRun},
	{"it belongs to a Job, or to nobody", all, "1m", "59s", "5m", func(p *Pod) { p.Replaces = "" }, NotReplaced},
	{"its node reports another value", all, "1m", "-", "5m", nil, NodeNotMoved},
	{"its node has reported nothing", all, "1m", "59s", "5m", func(p *Pod) { p.Node = "node-c" }, NodeNotMoved},
	{"a wave moves other nodes", wave, "1m", "59s", "5m", func(p *Pod) { p.Node = "node-b" }, NodeNotMoved},
	{"a wave moves its node", wave, "1m", "59s", "5m", nil, MightGoBack},
	{"the same, of a DaemonSet", wave, "1m", "59s", "5m", func(p *Pod) { p.Replaces = "DaemonSet" }, Recreate},
	{"the last wave moves all nodes", share, "1m", "59s", "5m", nil, Recreate},
	{"it has waited for less than a minute by then", all, "1m", "59s", "1m58s", nil, TriesSoon},
	{"it has waited for a minute by then", all, "1m", "59s", "1m59s", nil, Recreate},
	{"it has waited for long", all, "1m", "59s", "1h", nil, Recreate},
	{"the switch leads back to PrivateZone", "privatezone", "1m", "59s", "5m", nil, Recreate},
	{"the node was moved just now", all, "7s", "6s", "5m", nil, NotSettled},
	{"the node was moved 7 seconds ago", all, "8s", "7s", "5m", nil, Recreate},
	{"the node was moved 5 minutes ago", all, "5m1s", "5m", "10m", nil, Recreate},
	{"the node was moved longer ago", all, "5m2s", "5m1s", "10m", nil, HasTriedAgain},
}

func TestDecisionTable(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	before := func(t *testing.T, text string) time.Time {
		t.Helper()
		if text == "-" {
			return time.Time{}
		}
		d, err := time.ParseDuration(text)
		must(t, err)
		return now.Add(-d)
	}
	rows := [][]string{{"the pod, and what else is so", "the switch says", "thrown", "node moved", "pod waits", "verdict"}}
	for _, d := range decisions {
		t.Run(d.about, func(t *testing.T) {
			p := Pod{Node: "node-a", Endpoint: endpoint, Since: before(t, d.waits), NeverRan: true, Replaces: "ReplicaSet"}
			if d.pod != nil {
				d.pod(&p)
			}
			sw := thrown(t, d.value, before(t, d.thrown))
			reports := map[string]nodereport.Report{}
			for _, node := range []string{"node-a", "node-b"} {
				value := d.value
				if d.moved == "-" {
					value = "privatezone"
				}
				reports[node] = report(value, sw.Target(endpoint, node).String(), before(t, d.moved))
			}
			if got := Judge(p, sw, reports, now); got != d.verdict {
				t.Errorf("%s, not %s", got, d.verdict)
			}
		})
		says := map[string]string{all: "`hangzhou`", wave: "`nodes: node-a`", share: "`share: 100`"}[d.value]
		if says == "" {
			says = "`" + d.value + "`"
		}
		rows = append(rows, []string{d.about, says, ago(d.thrown), ago(d.moved), d.waits, "`" + string(d.verdict) + "`"})
	}
	doctable.Check(t, page, "decisions", rows, *update)
}

func ago(text string) string {
	if text == "-" {
		return "not known"
	}
	return text + " ago"
}

func TestEveryVerdictIsExplainedAndDecided(t *testing.T) {
	rows := [][]string{{"verdict", "because"}}
	for _, v := range Verdicts {
		decided := false
		for _, d := range decisions {
			decided = decided || d.verdict == v
		}
		if !decided || v.Sentence() == "" {
			t.Errorf("%s has no row or no sentence", v)
		}
		rows = append(rows, []string{"`" + string(v) + "`", v.Sentence()})
	}
	doctable.Check(t, page, "verdicts", rows, *update)
}

func TestANodeHasMovedOnceItSaysSo(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	for sentence, test := range map[string]struct {
		value string
		edit  func(*nodereport.Report)
		moved bool
	}{
		"applied":                                 {all, func(*nodereport.Report) {}, true},
		"without a block, as is demanded":         {all, func(r *nodereport.Report) { r.Hosts = nodereport.None }, true},
		"with a hosts file that can't be written": {all, func(r *nodereport.Report) { r.Hosts = "read-only file system" }, false},
		"while the product is being uninstalled":  {all, func(r *nodereport.Report) { r.Hosts = nodereport.Removed }, false},
		"with the answer from before": {all, func(r *nodereport.Report) {
			r.Answers[endpoint] = nodereport.Answer{Switch: nodereport.Hash(all), Target: "privatezone"}
		}, false},
		"without a time":                 {all, func(r *nodereport.Report) { r.Since = time.Time{} }, false},
		"without the endpoint":           {all, func(r *nodereport.Report) { r.Answers = nil }, false},
		"in a wave that changes nothing": {"to: hangzhou\nfrom: hangzhou\nnodes: node-a", func(*nodereport.Report) {}, false},
		"in a share that it isn't in":    {"to: hangzhou\nfrom: privatezone\nshare: 0", func(*nodereport.Report) {}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			sw := thrown(t, test.value, at)
			r := report(test.value, sw.Target(endpoint, "node-a").String(), at)
			test.edit(&r)
			if got, moved := sw.Moved(endpoint, "node-a", r); moved != test.moved || moved && !got.Equal(at) {
				t.Errorf("moved: %v, at %s", moved, got)
			}
		})
	}
}

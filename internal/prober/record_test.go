package prober

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/test/doctable"
)

// observations are what the letters of a row stand for. u and U differ in the reason.
var observations = map[rune]Observation{
	'h': {Level: healthreport.Healthy, Reason: "h", Latency: time.Millisecond},
	's': {Level: healthreport.Slow, Reason: "s"},
	'f': {Level: healthreport.Failing, Reason: "f", Latency: 2 * time.Millisecond},
	'w': {Level: healthreport.WrongIdentity, Reason: "w", Latency: 3 * time.Millisecond},
	'u': {Level: healthreport.Unreachable, Reason: "u"},
	'U': {Level: healthreport.Unreachable, Reason: "U"},
	't': {Level: healthreport.Unknown, Reason: "t", Latency: 4 * time.Millisecond},
	'?': {Level: healthreport.Unknown}, // no probe is possible
}

// The letters before the bar are probes of before, the one after each arrow is what is told then.
var rows = []struct{ sentence, probes, want string }{
	{"nothing is known until the same has come 3 times", "hhh", "? ? healthy"},
	{"a failure among successes begins anew", "hhfhhh", "? ? ? ? ? healthy"},
	{"whatever is bad adds up", "suf", "? ? failing"},
	{"two failures are none", "hhhuuh", "? ? healthy healthy healthy healthy"},
	{"three are one", "hhhuuu", "? ? healthy healthy healthy unreachable"},
	{"three of different kinds are one, of the last kind", "hhhusf", "? ? healthy healthy healthy failing"},
	{"what is bad changes its kind after 3 that agree", "uuufffs", "? ? unreachable unreachable unreachable failing failing"},
	{"and keeps it while they don't", "uuufsfs", "? ? unreachable unreachable unreachable unreachable unreachable"},
	{"it is healthy after 3 successes", "uuuhhuhhh", "? ? unreachable unreachable unreachable unreachable unreachable unreachable healthy"},
	{"one that tells nothing changes nothing", "hhhth", "? ? healthy healthy healthy"},
	{"of three that tell nothing nothing is known", "hhhttth", "? ? healthy healthy healthy ? ?"},
	{"nor do they add up with failures", "hhhtutu", "? ? healthy healthy healthy healthy healthy"},
	{"what can't be probed isn't known at once", "hhh?hhh", "? ? healthy ? ? ? healthy"},
}

func TestWhatSeveralProbesMean(t *testing.T) {
	begin := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	table := [][]string{{"with 3 and 3", "probes", "levels after each"}}
	for _, row := range rows {
		table = append(table, []string{row.sentence, inWords(row.probes), row.want})
		t.Run(row.sentence, func(t *testing.T) {
			r := NewRecord(begin)
			var got []string
			for n, letter := range row.probes {
				r = next(r, letter, begin.Add(time.Duration(n)*time.Second), Thresholds{3, 3})
				got = append(got, strings.Replace(string(r.Level), "unknown", "?", 1))
			}
			if diff := cmp.Diff(row.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
	doctable.Check(t, page, "rows", table, *update)
}

// next is the record after what a letter stands for.
func next(r Record, letter rune, now time.Time, t Thresholds) Record {
	if letter == '?' {
		return r.Unprobed("?", now)
	}
	return r.Next(observations[letter], now, t)
}

func inWords(probes string) string {
	var words []string
	for _, letter := range probes {
		word := string(observations[letter].Level)
		if letter == '?' {
			word = "none possible"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// since tells after which probe the level became what it is.
func after(probes string, t Thresholds) (r Record, since int) {
	begin := time.Unix(0, 0)
	r = NewRecord(begin)
	for n, letter := range probes {
		r = next(r, letter, begin.Add(time.Duration(n+1)*time.Second), t)
	}
	return r, int(r.Since.Sub(begin).Seconds())
}

func TestSinceIsWhenTheLevelChanged(t *testing.T) {
	for probes, want := range map[string]struct {
		since  int
		reason string
	}{
		"":          {0, "has not been probed often enough yet"},
		"hhhhh":     {3, "h"},
		"uuuuu":     {3, "u"},
		"uuuUUU":    {3, "U"}, // another reason is told, and doesn't begin it anew
		"uuuUUuU":   {3, "u"},
		"hhhuuuhhh": {9, "h"},
	} {
		r, since := after(probes, Thresholds{3, 3})
		if since != want.since || r.Reason != want.reason {
			t.Errorf("%q: since %d, %q", probes, since, r.Reason)
		}
	}
}

func TestThresholdsAreTheConfigurations(t *testing.T) {
	for _, test := range []struct {
		probes string
		t      Thresholds
		want   healthreport.Level
	}{
		{"h", Thresholds{5, 1}, healthreport.Healthy},
		{"huuuu", Thresholds{5, 1}, healthreport.Healthy},
		{"huuuuu", Thresholds{5, 1}, healthreport.Unreachable},
		{"hu", Thresholds{1, 2}, healthreport.Unreachable},
		{"uh", Thresholds{1, 2}, healthreport.Unreachable},
		{"uhh", Thresholds{1, 2}, healthreport.Healthy},
	} {
		if r, _ := after(test.probes, test.t); r.Level != test.want {
			t.Errorf("%s with %+v is %s", test.probes, test.t, r.Level)
		}
	}
}

func TestLatencyIsOfTheLastAnswer(t *testing.T) {
	for probes, want := range map[string]time.Duration{
		"hhh": time.Millisecond, "hhhf": 2 * time.Millisecond, "hhhu": time.Millisecond,
		"hhhuuu": 0, // of one that nobody reaches
		"hhhsss": 0, // or that doesn't answer
		"fffsss": 0,
		"hhhfff": 2 * time.Millisecond,
		"hhh?":   0,
	} {
		if r, _ := after(probes, Thresholds{3, 3}); r.Latency != want {
			t.Errorf("%s: %s", probes, r.Latency)
		}
	}
}

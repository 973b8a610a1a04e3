package failover

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// whole has every field.
func whole() State {
	return State{
		Version: 1, Own: own(hangzhou), Leads: "hangzhou/internal", Changed: noon, Returned: noon.Add(-48 * time.Hour),
		Zone: "zhangjiakou/internal", Moves: []time.Time{noon.Add(-time.Nanosecond), noon},
		Pending: &Pending{Value: own(zhangjiakou), Version: "7", Doubt: true}, Follows: true,
	}
}

func TestTheFormatStays(t *testing.T) {
	const file = "../../testdata/automatic/full.json"
	text, err := json.MarshalIndent(whole(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(text)+"\n"); diff != "" {
		t.Errorf("%s: %s", file, diff)
	}
	read, err := ParseState(golden)
	if diff := cmp.Diff(whole(), read); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestParseState(t *testing.T) {
	for sentence, test := range map[string]struct{ text, want string }{
		"the next version is read":      {`{"version":2,"zone":"hangzhou/internal"}`, ""},
		"unknown fields are ignored":    {`{"version":1,"new":true}`, ""},
		"a version after that is not":   {`{"version":3}`, "has version 3"},
		"nor one that nobody has given": {`{}`, "has version 0"},
		"what isn't JSON is refused":    {`version: 1`, "not readable"},
		"nothing is refused":            {``, "not readable"},
		"so is a time that isn't one":   {`{"version":1,"changed":"noon"}`, "not readable"},
		"and what is too long":          {`{"version":1}` + strings.Repeat(" ", MaxStateBytes), "bytes long"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := ParseState([]byte(test.text))
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAStateStaysWithinItsLimit(t *testing.T) {
	in := situation(false)
	in.Rules.MaxPerDay = 1_000_000
	in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
	s := remembered(t, in, time.Hour)
	for n := range 100_000 {
		s.Moves = append(s.Moves, noon.Add(-time.Duration(n)*time.Nanosecond))
	}
	d := Decide(in, s)
	text, err := json.Marshal(d.Next)
	if err != nil || len(text) > MaxStateBytes {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if d.Hold != DayFull {
		t.Errorf("got %s: %s", d.Action, d.Why)
	}
}

// FuzzParseState decides with whatever can be read. What is remembered must not make
// it write what isn't a valid switch, throw a person's, or remember what can't be read again.
func FuzzParseState(f *testing.F) {
	text, err := json.Marshal(whole())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(text), `{"version":1}`, `{"version":2,"moves":["9999-12-31T23:59:59Z"]}`,
		`{"version":1,"pending":{"value":"hangzhou"}}`,
		`{"version":1,"changed":"2026-11-23T13:00:00+23:59","zone":"nowhere"}`,
	} {
		for _, sw := range []string{"privatezone", "hangzhou", own(hangzhou)} {
			f.Add([]byte(seed), sw)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, sw string) {
		s, err := ParseState(data)
		if err != nil {
			return
		}
		in := situation(true)
		in.Switch = sw
		in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
		d := Decide(in, s)
		if d.Action != HoldStill {
			before, _ := in.Endpoint.ParseSwitch(sw)
			if _, err := in.Endpoint.ParseSwitch(d.Value); err != nil {
				t.Errorf("it writes %q: %v", d.Value, err)
			}
			ours := strings.TrimSpace(sw) == s.Own || s.Pending != nil && strings.TrimSpace(sw) == s.Pending.Value
			if d.Action == Move && !ours && !followsZone(before) {
				t.Errorf("it overrides %q", sw)
			}
		}
		text, err := json.Marshal(d.Next)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > MaxStateBytes {
			return // of a value that was too long when it was read
		}
		again, err := ParseState(text)
		if diff := cmp.Diff(d.Next, again); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

package failover

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// moved is a decision to leave zhangjiakou, at noon.
func moved(t *testing.T) (Input, Decision) {
	t.Helper()
	in := situation(false)
	in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
	d := Decide(in, remembered(t, in, time.Hour))
	if d.Action != Move {
		t.Fatalf("got %s: %s", d.Action, d.Why)
	}
	in.Now = in.Now.Add(5 * time.Second)
	return in, d
}

func TestWhatBecameOfAValueOnItsWay(t *testing.T) {
	for sentence, test := range map[string]struct {
		then func(*Input, *State)
		want string
		// moves are how many count.
		moves int
	}{
		"it stands: it is our own": {
			func(in *Input, s *State) { in.Switch, in.Version = s.Pending.Value, "2" },
			"hold still: FailbackByHand", 1,
		},
		"it stands with white space around it": {
			func(in *Input, s *State) { in.Switch, in.Version = s.Pending.Value+"\n", "2" },
			"hold still: FailbackByHand", 1,
		},
		"nobody has written: it is written again": {
			func(in *Input, _ *State) { in.Health[zhangjiakou] = Health{Level: Failing, For: 14, Against: 1} },
			"move to hangzhou/internal", 0,
		},
		"it was refused: it is decided anew": {
			func(in *Input, s *State) { *s, in.Version = s.Refused(), "2" },
			"move to hangzhou/internal", 0,
		},
		"it was refused, because a person was faster: it is left alone": {
			func(in *Input, s *State) { *s, in.Switch, in.Version = s.Refused(), "zhangjiakou", "2" },
			"hold still: SetByPerson", 0,
		},
		"somebody has written since: a person may have taken it back": {
			func(in *Input, _ *State) { in.Version = "2" }, "hold still: HeldDown", 1,
		},
		"no version tells whether somebody has written": {
			func(in *Input, s *State) { in.Version, s.Pending.Version = "", "" }, "hold still: HeldDown", 1,
		},
		"a person has changed its reason: it is the person's": {
			func(in *Input, s *State) { in.Switch, in.Version = s.Pending.Value+", and oncall agrees", "2" },
			"hold still: SetByPerson", 1,
		},
		"zhangjiakou is well again before it was written": {
			func(in *Input, _ *State) { in.Health[zhangjiakou] = Health{Level: Healthy, For: 15} },
			"hold still: NotNeeded", 0,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			in, first := moved(t)
			s := first.Next
			test.then(&in, &s)
			d := Decide(in, s)
			if d.Action == Move { // the same words, so that either attempt is known as ours
				if got, _ := in.Endpoint.ParseSwitch(d.Value); s.Pending != nil && d.Value != first.Value || got.To != hangzhou {
					t.Errorf("it writes %q after %q", d.Value, first.Value)
				}
			} else if got := outcome(t, in, d); got != test.want {
				t.Errorf("got %s: %s", got, d.Why)
			}
			if (d.Action == Move) != (test.want == "move to hangzhou/internal") {
				t.Errorf("got %s: %s, want %s", d.Action, d.Why, test.want)
			}
			if len(d.Next.Moves) != test.moves {
				t.Errorf("%d moves count, want %d", len(d.Next.Moves), test.moves)
			}
		})
	}
}

// TestAMoveFromTheStandbyThatMayHaveBeenTakenBack is of a switch that has its old
// value of ours, although somebody has written since.
func TestAMoveFromTheStandbyThatMayHaveBeenTakenBack(t *testing.T) {
	in := situation(false)
	in.Switch = own(hangzhou)
	in.Health[hangzhou] = Health{Level: Failing, For: 15}
	d := Decide(in, remembered(t, in, time.Hour))
	if d.Action != Move {
		t.Fatalf("got %s: %s", d.Action, d.Why)
	}
	in.Now, in.Version = noon.Add(5*time.Second), "2"
	if d = Decide(in, d.Next); d.Hold != Dwelling {
		t.Errorf("got %s: %s", d.Action, d.Why)
	}
}

// TestAnAttemptInDoubtIsNotForgottenWithTheNext is of a first write whose answer was
// lost, a second that is refused, and the first that gets through after all.
func TestAnAttemptInDoubtIsNotForgottenWithTheNext(t *testing.T) {
	in, first := moved(t)
	second := Decide(in, first.Next)
	if second.Action != Move {
		t.Fatalf("got %s: %s", second.Action, second.Why)
	}
	in.Now, in.Switch, in.Version = in.Now.Add(5*time.Second), first.Value, "2"
	d := Decide(in, second.Next.Refused())
	if d.Hold != FailbackByHand || len(d.Next.Moves) != 1 {
		t.Errorf("got %s: %s, and %d moves count", d.Action, d.Why, len(d.Next.Moves))
	}
}

// TestAWriteOfAnotherEndpointEndsTheDoubt: the API server took it only because the switch was as it had been.
func TestAWriteOfAnotherEndpointEndsTheDoubt(t *testing.T) {
	in, first := moved(t)
	second := Decide(in, first.Next)
	in.Now, in.Version = in.Now.Add(time.Second), "2"
	if d := Decide(in, second.Next.Overtaken("0")); d.Hold != HeldDown {
		t.Errorf("of an older version: %s: %s", d.Action, d.Why)
	}
	unversioned := second.Next
	unversioned.Pending = &Pending{Value: first.Value}
	if unversioned.Overtaken("").Pending == nil {
		t.Error("what has no version is overtaken by anything")
	}
	d := Decide(in, second.Next.Overtaken("1"))
	if d.Action != Move || len(d.Next.Moves) > 0 || d.Next.Pending.Doubt {
		t.Errorf("got %s: %s, %+v", d.Action, d.Why, d.Next)
	}
}

// TestAWriteThatIsLateCountsFromWhenItIsSeen: it may have waited for hours in between.
func TestAWriteThatIsLateCountsFromWhenItIsSeen(t *testing.T) {
	in, first := moved(t)
	in.Now, in.Switch, in.Version = noon.Add(6*time.Hour), first.Value, "2"
	d := Decide(in, first.Next)
	if diff := cmp.Diff([]time.Time{in.Now}, d.Next.Moves); diff != "" {
		t.Error(diff)
	}
}

func TestAPersonsCopyOfOurValueIsThePersons(t *testing.T) {
	in, d := moved(t)
	ours := d.Value
	s := d.Next
	for n, value := range []string{ours, zone.PrivateZone, ours} {
		in.Now, in.Switch, in.Version = in.Now.Add(time.Hour), value, string(rune('2'+n))
		in.Health[zhangjiakou] = Health{Level: Healthy, For: 15}
		d = Decide(in, s)
		s = d.Next
	}
	if d.Hold != SetByPerson {
		t.Errorf("got %s: %s", d.Hold, d.Why)
	}
}

func TestExtendingKeepsEverythingElse(t *testing.T) {
	for before, after := range map[string]string{
		"to: hangzhou\nreason: drill, until: noon\nuntil: 2026-11-23T12:00:00Z\nset-by: oncall": "to: hangzhou\nreason: drill, until: noon\nuntil: 2026-11-23T12:10:01Z\nset-by: oncall",
		"until:2026-11-23T12:00:00Z\r\nto: hangzhou/public":                                     "until:2026-11-23T12:10:01Z\r\nto: hangzhou/public",
		"to: hangzhou\nfrom: privatezone\nshare: 50\nuntil: 2026-11-23T20:00:00+08:00":          "to: hangzhou\nfrom: privatezone\nshare: 50\nuntil: 2026-11-23T12:10:01Z",
	} {
		in := situation(false)
		in.Endpoint.Instances[0].PublicEndpoint = "a-registry.cn-hangzhou.cr.aliyuncs.com"
		in.Switch = before
		in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
		d := Decide(in, remembered(t, in, time.Hour))
		if d.Action != Extend || d.Value != after {
			t.Errorf("got %s\n%s\nwant\n%s", d.Action, d.Value, after)
		}
		// It stays a person's, and is returned when zhangjiakou is well.
		in.Switch, in.Version, in.Now = d.Value, "2", noon.Add(time.Minute)
		if d = Decide(in, d.Next); d.Hold != SetByPerson {
			t.Errorf("got %s: %s", d.Action, d.Why)
		}
		in.Now = noon.Add(10*time.Minute + time.Second)
		in.Health[zhangjiakou] = Health{Level: Healthy, For: 15}
		if d = Decide(in, d.Next); d.Action != Return {
			t.Errorf("got %s: %s", d.Action, d.Why)
		}
	}
}

func TestWhereNothingHappensNothingIsStored(t *testing.T) {
	in := situation(false)
	for _, health := range []Health{{Level: Healthy, For: 15}, {Level: Failing, For: 9, Against: 6}} {
		in.Health[zhangjiakou] = health
		first := remembered(t, in, time.Hour)
		for range 10 {
			in.Now = in.Now.Add(5 * time.Second)
			if diff := cmp.Diff(first, Decide(in, first).Next); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}

func TestAClockThatWasWrongDelaysByOneDwellTime(t *testing.T) {
	in := situation(false)
	in.Health[zhangjiakou] = Health{Level: Failing, For: 15}
	s := remembered(t, in, -365*24*time.Hour)
	s.Moves = []time.Time{in.Now.AddDate(2, 0, 0)}
	d := Decide(in, s)
	if d.Hold != Dwelling {
		t.Fatalf("got %s: %s", d.Action, d.Why)
	}
	in.Now = in.Now.Add(10 * time.Minute)
	if d = Decide(in, d.Next); d.Action != Move {
		t.Errorf("got %s: %s", d.Action, d.Why)
	}
	in.Now = in.Now.Add(24 * time.Hour)
	if d = Decide(in, d.Next); len(d.Next.Moves) != 0 {
		t.Errorf("it still counts %v", d.Next.Moves)
	}
}

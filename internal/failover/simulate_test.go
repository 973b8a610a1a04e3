package failover

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// settings are those that the document has figures for.
var settings = []struct {
	name   string
	probes config.Health
	dwell  time.Duration
}{
	{"default: `interval: 5s`, `timeout: 2s`, `failures: 3`, `dwell: 10m`", config.Default().Health, config.Default().Failover.Dwell.Duration},
	{"fast: `interval: 2s`, `timeout: 1s`, `failures: 2`, `dwell: 2m`", config.Health{
		Interval: seconds(2), Timeout: seconds(1), Slow: seconds(2), Failures: 2, Successes: 3,
	}, 2 * time.Minute},
}

func seconds(n int) config.Duration { return config.Duration{Duration: time.Duration(n) * time.Second} }

// A prober is one vantage point: it probes each instance with jitter, and changes its
// mind after as many results in a row as the settings say.
type prober [2]opinion

// opinion is of one of the targets.
type opinion struct {
	next time.Time
	row  int
	ill  bool
}

// targets are the instances that are probed.
var targets = [2]zone.Target{zhangjiakou, hangzhou}

// simulation is a cluster on a simulated clock: 15 vantage points, a controller that
// decides once a second and reads what they had seen a second ago, and a switch.
type simulation struct {
	t       *testing.T
	r       *rand.Rand
	in      Input
	s       State
	probers []prober
	// step is how often the controller decides.
	step  time.Duration
	begun time.Time
	moves []time.Time
}

// report is how long a result takes to the controller, by an assumption that is in the document.
const report = time.Second

func simulate(t *testing.T, n, seed int, step time.Duration) *simulation {
	t.Helper()
	s := &simulation{t: t, r: rand.New(rand.NewPCG(uint64(seed), 7)), in: situation(false), step: step, begun: noon}
	s.in.Probes, s.in.Rules.Dwell.Duration = settings[n].probes, settings[n].dwell
	s.s = remembered(t, s.in, time.Hour)
	for range s.in.VantagePoints {
		var p prober
		for x := range p {
			p[x].next = noon.Add(time.Duration(s.r.Int64N(int64(s.in.Probes.Interval.Duration))))
		}
		s.probers = append(s.probers, p)
	}
	s.in.Now = noon.Add(time.Duration(s.r.Int64N(int64(step))))
	return s
}

// run plays until the end. ill tells of an instance at a time since the beginning
// whether packets to it are dropped; person, where there is one, may write the switch.
func (s *simulation) run(span time.Duration, ill func(zone.Target, time.Duration) bool, person func()) {
	for end := s.begun.Add(span); s.in.Now.Before(end); s.in.Now = s.in.Now.Add(s.step) {
		for x, target := range targets {
			for n := range s.probers {
				s.probers[n][x].catchUp(s, func(at time.Time) bool { return ill(target, at.Sub(s.begun)) })
			}
			s.count(x)
		}
		d := Decide(s.in, s.s)
		s.s = d.Next
		if d.Action == Move {
			s.moves = append(s.moves, s.in.Now)
			s.write(d.Value)
		}
		if person != nil {
			person()
		}
	}
}

func (s *simulation) write(value string) { s.in.Switch, s.in.Version = value, fmt.Sprint(s.in.Now) }

// catchUp does the probes whose results have reached the controller by now.
func (o *opinion) catchUp(s *simulation, ill func(time.Time) bool) {
	for {
		failed := ill(o.next)
		seen := o.next.Add(report)
		if failed { // it waits for packets that don't come
			seen = seen.Add(s.in.Probes.Timeout.Duration)
		}
		if seen.After(s.in.Now) {
			return
		}
		interval := s.in.Probes.Interval.Duration
		o.next = o.next.Add(interval + time.Duration((s.r.Float64()-0.5)*0.2*float64(interval)))
		o.row++
		if failed == o.ill {
			o.row = 0
		}
		if failed && o.row >= s.in.Probes.Failures || !failed && o.row >= s.in.Probes.Successes {
			o.ill, o.row = failed, 0
		}
	}
}

// count makes what they see together of what each has seen.
func (s *simulation) count(x int) {
	target, ill := targets[x], 0
	for _, p := range s.probers {
		if p[x].ill {
			ill++
		}
	}
	h := Health{Level: Healthy, For: len(s.probers) - ill, Against: ill}
	if ill > h.For {
		h = Health{Level: Failing, For: ill, Against: h.For}
	}
	if before := s.in.Health[target]; before.Level == h.Level {
		h.Since = before.Since
	} else {
		h.Since = s.in.Now
	}
	s.in.Health[target] = h
}

// shortest is the least time between two moves, and most how many there were in any 24 hours.
func (s *simulation) shortest() (shortest time.Duration, most int) {
	for n, m := range s.moves {
		if n > 0 && (shortest == 0 || m.Sub(s.moves[n-1]) < shortest) {
			shortest = m.Sub(s.moves[n-1])
		}
		within := 0
		for _, earlier := range s.moves[:n+1] {
			if m.Sub(earlier) < 24*time.Hour {
				within++
			}
		}
		most = max(most, within)
	}
	return shortest, most
}

// switchTimes and plays keep what was simulated: a test and the document show the same.
var (
	switchTimes = map[int][]time.Duration{}
	plays       = map[[2]int]*simulation{}
)

// timesToSwitch are from the first dropped packet to the switch, sorted.
func timesToSwitch(t *testing.T, n int) []time.Duration {
	t.Helper()
	times := switchTimes[n]
	if times != nil {
		return times
	}
	for seed := range 200 {
		s := simulate(t, n, seed, time.Second)
		first := 20*time.Second + time.Duration(s.r.Int64N(int64(20*time.Second)))
		s.run(2*time.Minute, func(target zone.Target, at time.Duration) bool { return target == zhangjiakou && at >= first }, nil)
		if len(s.moves) != 1 {
			t.Fatalf("seed %d: %d moves", seed, len(s.moves))
		}
		times = append(times, s.moves[0].Sub(s.begun.Add(first)))
	}
	slices.Sort(times)
	switchTimes[n] = times
	return times
}

// TestTimeToSwitch leaves room for what comes after within the goals of 30 s and 15 s
// to a new pod: the hosts file, up to 6 s later, and the pull.
func TestTimeToSwitch(t *testing.T) {
	for n, most := range []time.Duration{20 * time.Second, 8 * time.Second} {
		times := timesToSwitch(t, n)
		if worst := times[len(times)-1]; worst > most {
			t.Errorf("%s: %s", settings[n].name, worst)
		}
		least := time.Duration(settings[n].probes.Failures-1) * settings[n].probes.Interval.Duration
		if times[0] < least*9/10 {
			t.Errorf("%s: it moves after %s, before there can be %d failures in a row", settings[n].name, times[0], settings[n].probes.Failures)
		}
	}
}

// each says whether a time is in the first half of a period.
func each(period, at time.Duration) bool { return at%period < period/2 }

// faults are what instances are made to suffer. "in turn" is never both.
var faults = []struct {
	name   string
	span   time.Duration
	ill    func(zone.Target, time.Duration) bool
	person bool
	// most are the moves that are allowed, with each of the settings.
	most []int
}{
	{"the primary is away", 30 * time.Minute, func(x zone.Target, _ time.Duration) bool { return x == zhangjiakou }, false, []int{1, 1}},
	{"both are away", 30 * time.Minute, func(zone.Target, time.Duration) bool { return true }, false, []int{0, 0}},
	{"the primary: 4 s ill, 4 s well", 30 * time.Minute, func(x zone.Target, at time.Duration) bool { return x == zhangjiakou && each(8*time.Second, at) }, false, []int{0, 1}},
	{"the primary: 1 min ill, 1 min well", 30 * time.Minute, func(x zone.Target, at time.Duration) bool { return x == zhangjiakou && each(2*time.Minute, at) }, false, []int{1, 1}},
	{"both in turn, 20 s each", 30 * time.Minute, func(x zone.Target, at time.Duration) bool { return (x == zhangjiakou) == each(40*time.Second, at) }, false, []int{1, 1}},
	{"both in turn, 1 min each", 30 * time.Minute, func(x zone.Target, at time.Duration) bool { return (x == zhangjiakou) == each(2*time.Minute, at) }, false, []int{1, 1}},
	{"both in turn, 5 min each", 30 * time.Minute, func(x zone.Target, at time.Duration) bool { return (x == zhangjiakou) == each(10*time.Minute, at) }, false, []int{1, 4}},
	{"the primary: 1 min ill, 1 min well, and a person fails back whenever it is well", 30 * time.Minute, func(x zone.Target, at time.Duration) bool { return x == zhangjiakou && each(2*time.Minute, at) }, true, []int{1, 4}},
	{"both in turn, 1 min each", 48 * time.Hour, func(x zone.Target, at time.Duration) bool { return (x == zhangjiakou) == each(2*time.Minute, at) }, false, []int{1, 1}},
	{"both in turn, 5 min each", 48 * time.Hour, func(x zone.Target, at time.Duration) bool { return (x == zhangjiakou) == each(10*time.Minute, at) }, false, []int{1, 8}},
	{"both in turn, 1 h each", 48 * time.Hour, func(x zone.Target, at time.Duration) bool { return (x == zhangjiakou) == each(2*time.Hour, at) }, false, []int{8, 8}},
	{"the primary: 1 min ill, 1 min well, and a person fails back whenever it is well", 48 * time.Hour, func(x zone.Target, at time.Duration) bool { return x == zhangjiakou && each(2*time.Minute, at) }, true, []int{8, 8}},
}

// play plays faults[f] with settings[n].
func play(t *testing.T, f, n int) *simulation {
	t.Helper()
	if s := plays[[2]int{f, n}]; s != nil {
		return s
	}
	step := time.Second
	if faults[f].span > time.Hour {
		step = 10 * time.Second
	}
	s := simulate(t, n, f, step)
	var person func()
	if faults[f].person {
		person = func() {
			if s.in.Health[zhangjiakou].Level == Healthy && s.in.Switch != zone.PrivateZone {
				s.write(zone.PrivateZone)
			}
		}
	}
	s.run(faults[f].span, faults[f].ill, person)
	plays[[2]int{f, n}] = s
	return s
}

func TestAlternatingFaultsMakeNoFlap(t *testing.T) {
	for f, fault := range faults {
		for n, with := range settings {
			s := play(t, f, n)
			shortest, most := s.shortest()
			if len(s.moves) > fault.most[n] || most > s.in.Rules.MaxPerDay || len(s.moves) > 1 && shortest < with.dwell {
				t.Errorf("%s for %s, %s: %d moves, %s apart, %d in a day", fault.name, fault.span, with.name, len(s.moves), shortest, most)
			}
		}
	}
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// truth is what the endpoint leads to by the switch, and what may be seen beside
// it at this moment. Everything that observes asks it.
type truth struct {
	t  *testing.T
	mu sync.Mutex

	now, before leads
	since       time.Time // when the patch had returned; zero while it is under way
	dying       []dying

	violations int
	lags       map[string]map[string]time.Duration // the longest by part and by observer
	unanswered map[string]map[string]int
	observed   map[string]int
}

// dying is a death and when all had recovered from it; zero as long as it isn't so.
type dying struct {
	death
	recovered time.Time
}

// leads is where a value of the switch leads DNS, and what the hosts file's block holds.
type leads struct{ answer, block string }

// most is how many violations are told.
const most = 20

func newTruth(t *testing.T, first leads) *truth {
	return &truth{
		t: t, now: first, before: first, since: time.Now(),
		lags: map[string]map[string]time.Duration{}, unanswered: map[string]map[string]int{}, observed: map[string]int{},
	}
}

// change throws the switch: from its beginning to its end, either answer is right.
func (tr *truth) change(to leads, throw func()) {
	tr.mu.Lock()
	tr.before, tr.now, tr.since = tr.now, to, time.Time{}
	tr.mu.Unlock()
	throw()
	tr.mu.Lock()
	tr.since = time.Now()
	tr.mu.Unlock()
}

func (tr *truth) dies(d death) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.dying = append(tr.dying, dying{death: d})
}

func (tr *truth) recovered() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.dying[len(tr.dying)-1].recovered = time.Now()
}

// dead is what was dead at any time since an observer began to look, with all
// that this excuses.
func (tr *truth) dead(began time.Time) death {
	dead := death{part: "nothing"}
	for _, d := range tr.dying {
		if d.recovered.IsZero() || !began.After(d.recovered) {
			dead = death{
				part: d.part, lag: max(dead.lag, d.lag),
				unanswered: dead.unanswered || d.unanswered, bypassed: dead.bypassed || d.bypassed,
			}
		}
	}
	return dead
}

// saw judges what an observer saw of what it began to look at some time ago.
func (tr *truth) saw(observer string, began time.Time, got string, of func(leads) string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.observed[observer]++
	dead := tr.dead(began)
	if got == of(tr.now) || tr.since.IsZero() && got == of(tr.before) {
		return
	}
	if observer == "CoreDNS" && dead.bypassed && got == node.Zhangjiakou.Internal.String() {
		return
	}
	old, lag := got == of(tr.before), began.Sub(tr.since)
	if old && lag <= 0 {
		return
	}
	if old {
		raise(tr.lags, dead.part, observer, lag)
	}
	if !old || lag > max(prompt, dead.lag) {
		tr.violate("%s gives %q after %v, asked %v after the switch, which leads to %q; before it was %q; dead is %s",
			observer, got, time.Since(began), lag, of(tr.now), of(tr.before), dead.part)
	}
}

// failed judges that an observer got no answer.
func (tr *truth) failed(observer string, began time.Time, err error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.observed[observer]++
	dead := tr.dead(began)
	raise(tr.unanswered, dead.part, observer, tr.unanswered[dead.part][observer]+1)
	if !dead.unanswered {
		tr.violate("%s gives no answer while dead is %s: %v", observer, dead.part, err)
	}
}

// wrong is what must never be seen.
func (tr *truth) wrong(observer string, began time.Time, what string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.violate("%s gives %s; dead is %s", observer, what, tr.dead(began).part)
}

func (tr *truth) violate(format string, args ...any) {
	if tr.violations++; tr.violations <= most {
		tr.t.Errorf(time.Now().UTC().Format("15:04:05.000 ")+format, args...)
	}
}

func raise[N int | time.Duration](all map[string]map[string]N, part, observer string, to N) {
	if all[part] == nil {
		all[part] = map[string]N{}
	}
	all[part][observer] = max(all[part][observer], to)
}

// observe looks at DNS and at the hosts file until ctx ends.
func (tr *truth) observe(ctx context.Context, resolvers string) *sync.WaitGroup {
	var observers sync.WaitGroup
	every := func(pause time.Duration, look func(began time.Time)) {
		observers.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for ctx.Err() == nil {
				look(time.Now())
				<-tick.C
			}
		})
	}
	for observer, server := range map[string]string{"the resolvers": resolvers, "CoreDNS": "10.96.0.10:53"} {
		for range 2 {
			every(5*time.Millisecond, func(began time.Time) { tr.lookUp(ctx, observer, server, began) })
		}
	}
	every(5*time.Millisecond, tr.readHosts)
	return &observers
}

// lookUp asks with the patience of a C library, which asks again after 5 s: a
// bridge loses a packet when pods come and go.
func (tr *truth) lookUp(ctx context.Context, observer, server string, began time.Time) {
	client := &dns.Client{Timeout: 5 * time.Second}
	question := new(dns.Msg).SetQuestion(cluster.Endpoint+".", dns.TypeA)
	reply, _, err := client.ExchangeContext(ctx, question, server)
	if timeout, is := errors.AsType[net.Error](err); is && timeout.Timeout() {
		reply, _, err = client.ExchangeContext(ctx, question, server)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		tr.failed(observer, began, err)
	case reply.Rcode == dns.RcodeServerFailure:
		tr.failed(observer, began, errors.New("it answers SERVFAIL"))
	case reply.Rcode != dns.RcodeSuccess:
		tr.wrong(observer, began, dns.RcodeToString[reply.Rcode])
	default:
		var addrs []string
		for _, rr := range reply.Answer {
			if a, isA := rr.(*dns.A); isA {
				addrs = append(addrs, a.A.String())
			}
		}
		if len(addrs) == 0 {
			tr.wrong(observer, began, "an empty answer")
			return
		}
		tr.saw(observer, began, strings.Join(addrs, " "), func(l leads) string { return l.answer })
	}
}

// readHosts takes anything but the file as it was, with or without a block, for a violation.
func (tr *truth) readHosts(began time.Time) {
	content, err := os.ReadFile("/etc/hosts")
	if err != nil {
		tr.wrong("the hosts file", began, err.Error())
		return
	}
	block, untouched := strings.CutPrefix(string(content), cluster.HostsFile)
	if untouched && block != "" {
		line, begins := strings.CutPrefix(block, "# BEGIN registry-failover\n")
		line, ends := strings.CutSuffix(line, " "+cluster.Endpoint+"\n# END registry-failover\n")
		untouched, block = begins && ends, line
	}
	if !untouched {
		tr.wrong("the hosts file", began, fmt.Sprintf("%q", content))
		return
	}
	tr.saw("the hosts file", began, block, func(l leads) string { return l.block })
}

// looks counts those of the observer that has looked least.
func (tr *truth) looks() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return min(tr.observed["the resolvers"], tr.observed["CoreDNS"], tr.observed["the hosts file"])
}

// tell shows what there was to see.
func (tr *truth) tell(t *testing.T) {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	observers := []string{"the resolvers", "CoreDNS", "the hosts file"}
	for _, observer := range observers {
		t.Logf("%s: %d looks", observer, tr.observed[observer])
	}
	t.Logf("%-26s %-30s %s", "while this was dead", "lag: resolvers, CoreDNS, hosts", "without answer: resolvers, CoreDNS")
	parts := []string{"nothing"}
	for _, d := range append(deaths, reboot()) {
		parts = append(parts, d.part)
	}
	for _, part := range parts {
		if tr.lags[part] == nil && tr.unanswered[part] == nil {
			continue
		}
		var lags, failures []string
		for _, observer := range observers {
			lags = append(lags, tr.lags[part][observer].Round(time.Millisecond).String())
			failures = append(failures, fmt.Sprint(tr.unanswered[part][observer]))
		}
		t.Logf("%-26s %-30s %s", part, strings.Join(lags, ", "), strings.Join(failures[:2], ", "))
	}
	if tr.violations > most {
		t.Errorf("and %d violations more", tr.violations-most)
	}
}

func TestALookIsExcusedByAllThatWasDeadMeanwhile(t *testing.T) {
	tr := newTruth(t, leads{})
	before := time.Now()
	tr.dies(death{part: "first", bypassed: true, lag: time.Minute})
	during := time.Now()
	tr.recovered()
	between := time.Now()
	tr.dies(death{part: "second", unanswered: true, lag: time.Second})
	both := death{part: "second", bypassed: true, unanswered: true, lag: time.Minute}
	for began, want := range map[time.Time]death{
		before: both, during: both, between: {part: "second", unanswered: true, lag: time.Second},
	} {
		if got := tr.dead(began); got.part != want.part || got.bypassed != want.bypassed || got.unanswered != want.unanswered || got.lag != want.lag {
			t.Errorf("a look that began %v is excused by %+v, want %+v", began.Sub(before), got, want)
		}
	}
	tr.recovered()
	if got := tr.dead(time.Now()); got.part != "nothing" || got.bypassed || got.unanswered {
		t.Errorf("a look after both is excused by %+v", got)
	}
}

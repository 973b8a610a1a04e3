package resolver_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// reports takes what a resolver reports. The zero value takes everything at once.
type reports struct {
	mu   sync.Mutex
	all  []nodereport.Report
	at   []time.Time
	fail error
	hang bool // until the context ends
}

func (r *reports) write(ctx context.Context, report nodereport.Report) error {
	r.mu.Lock()
	r.all, r.at = append(r.all, report), append(r.at, time.Now())
	fail, hang := r.fail, r.hang
	r.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return fail
}

func (r *reports) set(fail error, hang bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail, r.hang = fail, hang
}

// taken gives what was written since it was called last, and when.
func (r *reports) taken() ([]nodereport.Report, []time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, at := r.all, r.at
	r.all, r.at = nil, nil
	return all, at
}

// settle lets the time pass in which reports of one change are spread.
func settle() {
	time.Sleep(2 * time.Second)
	synctest.Wait()
}

// one is the only report that was written since the last call.
func (b *bench) one(what string) nodereport.Report {
	b.t.Helper()
	all, _ := b.reports.taken()
	if len(all) != 1 {
		b.t.Fatalf("%s: %d reports were written: %+v", what, len(all), all)
	}
	return all[0]
}

func leaving(sw string) inputs.Snapshot {
	s := read(sw, "-")
	s.Switch.Mark = "force"
	return s
}

func answered(sw, target string) map[string]nodereport.Answer {
	return map[string]nodereport.Answer{name: {Switch: nodereport.Hash(sw), Target: target}}
}

// TestANewNodeReportsAtOnce: it may take no pods before.
func TestANewNodeReportsAtOnce(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", "-")
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		if got := b.one("after a start"); got.Hosts != "applied" {
			t.Errorf("it reports %+v", got)
		}
	})
}

// TestLaterReportsAreSpread: all nodes see a switch at the same moment.
func TestLaterReportsAreSpread(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		var late int
		for _, sw := range slices.Repeat([]string{"hangzhou", "zhangjiakou"}, 20) {
			thrown := time.Now()
			b.read <- read(sw, "-")
			settle()
			_, at := b.reports.taken()
			if len(at) != 1 {
				t.Fatalf("%d reports were written", len(at))
			}
			if at[0].Sub(thrown) > 200*time.Millisecond {
				late++
			}
		}
		if late < 20 { // 36 of 40 are to be expected
			t.Errorf("%d of 40 reports were written later than 0.2 s after the switch", late)
		}
	})
}

func TestChangesAreReportedOnceEach(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		begin := time.Now()
		b.read <- read("hangzhou", "-")
		settle()
		first := b.one("a failover")
		if first.Version == "" {
			t.Error("the version is missing")
		}
		want := nodereport.Report{Answers: answered("hangzhou", "hangzhou/internal"), Hosts: "applied", Since: begin, Version: first.Version}
		if diff := cmp.Diff(want, first); diff != "" {
			t.Error(diff)
		}
		b.read <- read("hangzhou\n", `{"version":1}`)
		settle()
		if all, _ := b.reports.taken(); len(all) > 0 {
			t.Errorf("no change was reported: %+v", all)
		}
		b.read <- read("to: hangzhou\nfrom: zhangjiakou\nnodes: other", "-")
		b.read <- read("zhangjiakou", "-")
		settle()
		want.Answers, want.Since = answered("zhangjiakou", "zhangjiakou/internal"), begin.Add(4*time.Second)
		if diff := cmp.Diff(want, b.one("two changes at once")); diff != "" {
			t.Error(diff)
		}
		if got := b.metric("registry_failover_report_written", ""); got != 1 {
			t.Errorf("report_written is %v", got)
		}
	})
}

func TestReportSaysWhatTheHostsFileHolds(t *testing.T) {
	prepare := func(cache *lastgood.Store) {
		must(t, cache.Save("records/"+name, []byte(`{"addresses":["10.2.0.99"]}`)))
	}
	inBubble(t, prepare, func(b *bench) {
		b.read <- read("privatezone", "-")
		settle()
		if got := b.one("no failover").Hosts; got != nodereport.None {
			t.Errorf("it is %q", got)
		}
		b.write("etc/hosts", "10.9.9.9 cross-region.registry.io\n")
		time.Sleep(10 * time.Second)
		settle()
		if got := b.one("a foreign line").Hosts; !strings.HasPrefix(got, "the hosts file has lines outside the block for "+name) {
			t.Errorf("it is %q", got)
		}
		// A directory in the place of the file can't be written by anybody, root or not.
		must(t, os.Remove(filepath.Join(b.dir, "etc/hosts")))
		must(t, os.Mkdir(filepath.Join(b.dir, "etc/hosts"), 0o755))
		b.read <- read("hangzhou", "-")
		settle()
		got := b.one("a file that can't be written")
		if !strings.HasPrefix(got.Hosts, "hosts file ") {
			t.Errorf("it is %q", got.Hosts)
		}
		if diff := cmp.Diff(answered("hangzhou", "hangzhou/internal"), got.Answers); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReportIsRenewedWithinFiveMinutes(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", "-")
		settle()
		first, began := b.reports.taken()
		time.Sleep(time.Hour)
		all, at := b.reports.taken()
		last := began[0]
		for i, when := range at {
			if gap := when.Sub(last); gap > 5*time.Minute || gap < 4*time.Minute {
				t.Errorf("there were %v between two reports", gap)
			}
			if !all[i].Equal(first[0]) {
				t.Errorf("a renewal reports %+v", all[i])
			}
			last = when
		}
		if n := len(at); n < 12 || n > 15 {
			t.Errorf("%d renewals in an hour", n)
		}
	})
}

func TestFailedReportIsTriedAgainAndToldOnce(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.reports.set(errors.New("forbidden"), false)
		b.read <- read("hangzhou", "-")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		_, at := b.reports.taken()
		if n := len(at); n < 10 || n > 30 {
			t.Errorf("%d attempts in 10 minutes", n)
		}
		for i, when := range at[1:] {
			if gap := when.Sub(at[i]); gap < time.Second || gap > 64*time.Second {
				t.Errorf("there were %v between two attempts", gap)
			}
		}
		if b.log.count("writing the node's report") != 1 || b.metric("registry_failover_report_written", "") != 0 {
			t.Errorf("it is not told once: %q", b.log.text)
		}
		b.reports.set(nil, false)
		b.read <- read("zhangjiakou", "-")
		settle()
		if got := b.one("a change after the failures"); !cmp.Equal(got.Answers, answered("zhangjiakou", "zhangjiakou/internal")) {
			t.Errorf("it reports %+v", got)
		}
		if b.log.count("something works again") != 1 || b.metric("registry_failover_report_written", "") != 1 {
			t.Errorf("that it works again is not told: %q", b.log.text)
		}
	})
}

func TestReportThatHangsDelaysNothing(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.reports.set(nil, true)
		b.read <- read("zhangjiakou", "-")
		settle()
		b.read <- read("hangzhou", "-")
		synctest.Wait()
		if got := b.hosts(); got != block {
			t.Errorf("the hosts file is %q", got)
		}
	}) // and it ends
}

func TestUninstallRemovesTheBlockAndReportsIt(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", "-")
		settle()
		b.one("a failover")
		b.read <- leaving("hangzhou")
		settle()
		if got := b.hosts(); got != "127.0.0.1 localhost\n" {
			t.Errorf("the hosts file is %q", got)
		}
		if got := b.one("uninstalling").Hosts; got != nodereport.Removed {
			t.Errorf("it reports %q", got)
		}
		b.write("etc/hosts", block)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := b.hosts(); got != "127.0.0.1 localhost\n" {
			t.Errorf("a block that came back stays: %q", got)
		}
		b.read <- read("hangzhou", "-")
		settle()
		if got := b.hosts(); got != block {
			t.Errorf("without the annotation the hosts file is %q", got)
		}
		if got := b.one("installed again").Hosts; got != nodereport.Applied {
			t.Errorf("it reports %q", got)
		}
	})
}

func TestUninstallThatFindsNoBlockIsReportedToo(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- leaving("privatezone")
		settle()
		if got := b.one("uninstalling").Hosts; got != nodereport.Removed {
			t.Errorf("it reports %q", got)
		}
	})
}

func TestUninstallIsRememberedAcrossARestart(t *testing.T) {
	for sentence, test := range map[string]struct {
		remembered string
		want       string
	}{
		"the block stays away before the switch is read":   {"true", "127.0.0.1 localhost\n"},
		"one that was not being uninstalled has its block": {"false", block},
	} {
		t.Run(sentence, func(t *testing.T) {
			prepare := func(cache *lastgood.Store) {
				must(t, cache.Save("switch/"+name, []byte("hangzhou")))
				must(t, cache.Save("uninstall", []byte(test.remembered)))
			}
			inBubble(t, prepare, func(b *bench) {
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := b.hosts(); got != test.want {
					t.Errorf("the hosts file is %q", got)
				}
			})
		})
	}
	inBubble(t, nil, func(b *bench) {
		for _, s := range []struct {
			snapshot inputs.Snapshot
			want     string
		}{{leaving("hangzhou"), "true"}, {read("hangzhou", "-"), "false"}} {
			b.read <- s.snapshot
			synctest.Wait()
			if got, err := lastgood.Open(filepath.Join(b.dir, "cache")).Load("uninstall"); string(got) != s.want {
				t.Errorf("kept is %q, %v, want %q", got, err, s.want)
			}
		}
	})
}

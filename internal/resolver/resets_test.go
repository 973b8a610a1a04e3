package resolver_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/internal/lastgood"
)

// resets are a node's connections: one to each address, whenever it is asked for.
type resets struct {
	mu      sync.Mutex
	since   time.Time
	rounds  []string // when, to the millisecond, and the addresses
	refused error
	hangs   bool // the check, until it is given up
}

func (r *resets) reset(addrs []netip.Addr) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rounds = append(r.rounds, fmt.Sprint(time.Since(r.since).Round(time.Millisecond), addrs))
	if r.refused != nil {
		return 0, r.refused
	}
	return len(addrs), nil
}

func (r *resets) check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return r.refused
}

// taken are the rounds since it was called last.
func (r *resets) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.rounds
	r.rounds, r.since = nil, time.Now()
	return taken
}

// rounds are those that a switch makes at 0 s, and at each half second from first to last.
func rounds(first, last time.Duration, addrs string) []string {
	var all []string
	for at := first; at <= last; at += 500 * time.Millisecond {
		all = append(all, at.String()+" "+addrs)
	}
	return all
}

func (b *bench) same(what string, want []string) {
	b.t.Helper()
	synctest.Wait()
	if got := b.resets.taken(); !slices.Equal(got, want) {
		b.t.Errorf("%s: the resets are %q, want %q", what, got, want)
	}
}

// reads hands the switch over and waits for what follows at once.
func (b *bench) reads(sw string) {
	b.read <- read(sw, "-")
	synctest.Wait()
}

const resetting = "node: {resetConnections: true}"

// zonePrimary is what PrivateZone gives in these tests: the primary's own address.
func zonePrimary(t *testing.T) func(*lastgood.Store) {
	return func(cache *lastgood.Store) {
		for looked, addr := range map[string]string{name: primary, publicHost: "203.0.113.10"} {
			must(t, cache.Save("records/"+looked, []byte(`{"addresses":["`+addr+`"]}`)))
		}
	}
}

// inResets has a resolver that resets connections, and follows PrivateZone.
func inResets(t *testing.T, test func(b *bench)) {
	inBubble(t, zonePrimary(t), func(b *bench) {
		b.configs <- example(t, resetting)
		b.reads("privatezone")
		b.resets.taken()
		test(b)
	})
}

func TestASwitchResetsWhatItAbandonsUntilNobodyGoesByTheOldHostsFile(t *testing.T) {
	inResets(t, func(b *bench) {
		b.reads("hangzhou")
		time.Sleep(time.Minute)
		b.same("after a failover", rounds(0, 6*time.Second, "["+primary+"]"))
		if got := b.log.count("addresses=[" + primary + "]"); got != 2 { // one says where the answer led at first
			t.Errorf("it is logged %d times: %q", got, b.log.text)
		}
		if got := b.log.count("connections=13 addresses"); got != 1 {
			t.Errorf("the count is logged %d times: %q", got, b.log.text)
		}
		b.reads("privatezone")
		time.Sleep(time.Minute)
		b.same("after the failback", rounds(0, 6*time.Second, "["+hangzhou+"]"))
		if got := b.counter("registry_failover_connections_reset_total"); got != 26 {
			t.Errorf("%v resets are counted", got)
		}
	})
}

func TestASecondSwitchSparesWhatIsWantedAgain(t *testing.T) {
	inResets(t, func(b *bench) {
		b.reads("hangzhou")
		time.Sleep(2200 * time.Millisecond)
		b.same("after the first switch", rounds(0, 2*time.Second, "["+primary+"]"))
		b.reads("zhangjiakou")
		time.Sleep(time.Minute)
		b.same("after the second", rounds(0, 6*time.Second, "["+hangzhou+"]"))
	})
}

func TestASecondSwitchToAThirdAddressResetsBoth(t *testing.T) {
	inResets(t, func(b *bench) {
		b.reads("hangzhou")
		time.Sleep(2200 * time.Millisecond)
		b.resets.taken()
		b.reads("hangzhou/public")
		time.Sleep(time.Minute)
		both := "[" + hangzhou + " " + primary + "]"
		b.same("after the second switch", slices.Concat(
			rounds(0, 4*time.Second, both), // the first one's time is over at 3.8 s
			rounds(4500*time.Millisecond, 6*time.Second, "["+hangzhou+"]")))
	})
}

func TestWhatIsNoSwitchResetsNothing(t *testing.T) {
	tests := map[string]func(b *bench){
		"a start":                        func(*bench) {},
		"the same target in other words": func(b *bench) { b.reads("to: privatezone\nreason: a drill") },
		"the primary pinned where PrivateZone leads": func(b *bench) { b.reads("zhangjiakou") },
		"a switch of other nodes":                    func(b *bench) { b.reads("to: hangzhou\nfrom: privatezone\nnodes: other") },
		"a word that isn't valid":                    func(b *bench) { b.reads("hangzou") },
		"a target whose address isn't known":         func(b *bench) { b.reads("zhangjiakou/public") },
		"an uninstallation": func(b *bench) {
			s := read("hangzhou", "-")
			s.Switch.Mark = "force"
			b.read <- s
		},
		"an endpoint that leaves the configuration": func(b *bench) {
			other := example(b.t, resetting)
			other.Endpoints[0].Name = "other.registry.io"
			b.configs <- other
		},
		"a switch where it is turned off": func(b *bench) {
			b.configs <- example(b.t)
			synctest.Wait()
			b.reads("hangzhou")
			b.configs <- example(b.t, resetting)
		},
	}
	for sentence, play := range tests {
		t.Run(sentence, func(t *testing.T) {
			inResets(t, func(b *bench) {
				play(b)
				time.Sleep(time.Minute)
				b.same(sentence, nil)
			})
		})
	}
}

func TestANodeThatJoinsADrillResets(t *testing.T) {
	inResets(t, func(b *bench) {
		b.reads("to: hangzhou\nfrom: privatezone\nnodes: node-a")
		b.same("the drill", rounds(0, 0, "["+primary+"]"))
	})
}

func TestUninstallingEndsTheResets(t *testing.T) {
	inResets(t, func(b *bench) {
		b.reads("hangzhou")
		b.resets.taken()
		s := read("hangzhou", "-")
		s.Switch.Mark = "force"
		b.read <- s
		time.Sleep(time.Minute)
		b.same("after the mark", nil)
	})
}

func TestResetsWaitForTheHostsFile(t *testing.T) {
	inResets(t, func(b *bench) {
		hosts := filepath.Join(b.dir, "etc/hosts")
		must(t, os.Remove(hosts))
		must(t, os.Mkdir(hosts, 0o755)) // can't be written by anybody
		b.reads("hangzhou")
		b.same("while the pulls still go where they did", nil)
		must(t, os.Remove(hosts))
		time.Sleep(10 * time.Second) // until the file is looked at again
		synctest.Wait()
		if got := b.hosts(); !strings.Contains(got, hangzhou) {
			t.Fatalf("the hosts file is %q", got)
		}
		if got := b.resets.taken(); len(got) != 1 {
			t.Errorf("once it leads elsewhere the resets are %q", got)
		}
		time.Sleep(time.Minute)
		b.same("from then on", rounds(500*time.Millisecond, 6*time.Second, "["+primary+"]"))
	})
}

func TestResetsThatAreRefusedAreReportedOnceAndStopNothing(t *testing.T) {
	inBubble(t, zonePrimary(t), func(b *bench) {
		if got := b.metric("registry_failover_connections_resettable", ""); got != -1 {
			t.Errorf("resettable is %v where nobody asks", got)
		}
		b.resets.refused = errors.New("this kernel can't")
		b.configs <- example(t, resetting)
		b.reads("privatezone")
		if got := b.metric("registry_failover_connections_resettable", ""); got != 0 {
			t.Errorf("resettable is %v before any switch", got)
		}
		time.Sleep(11 * time.Second)
		const finding = "pulls in flight stay where they are at a switch: this kernel can't"
		settle()
		if all, _ := b.reports.taken(); len(all) == 0 || !slices.Contains(all[len(all)-1].Findings, finding) {
			t.Errorf("the node reports %+v", all)
		}
		b.reads("hangzhou")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := len(b.resets.taken()); got != 13 {
			t.Errorf("it was tried %d times", got)
		}
		if got := b.log.count("resetting connections"); got != 1 {
			t.Errorf("it is logged %d times: %q", got, b.log.text)
		}
		if got := b.hosts(); got != block {
			t.Errorf("the hosts file is %q", got)
		}
		b.configs <- example(t)
		time.Sleep(11 * time.Second)
		settle()
		if all, _ := b.reports.taken(); len(all) == 0 || len(all[len(all)-1].Findings) > 0 {
			t.Errorf("where nobody asks any more the node reports %+v", all)
		}
		if got := b.metric("registry_failover_connections_resettable", ""); got != -1 {
			t.Errorf("resettable is still %v", got)
		}
	})
}

func TestACheckThatHangsHoldsUpNoReset(t *testing.T) {
	inBubble(t, zonePrimary(t), func(b *bench) {
		b.resets.hangs = true
		b.configs <- example(t, resetting)
		b.reads("privatezone")
		time.Sleep(time.Second)
		b.same("before a switch", nil)
		b.reads("hangzhou")
		b.same("at a switch", rounds(0, 0, "["+primary+"]"))
	})
}

// counter is the value of a counter without labels.
func (s *site) counter(metric string) float64 {
	families, err := s.registry.Gather()
	must(s.t, err)
	for _, f := range families {
		if f.GetName() == metric {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return -1
}

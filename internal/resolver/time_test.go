package resolver_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/detours"
	"github.com/registry-failover/registry-failover/internal/dnsclient"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/internal/nodehosts"
	"github.com/registry-failover/registry-failover/internal/resolver"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// bench is a resolver in a synctest bubble: its time is the bubble's, its
// inputs are handed to it, it has no sockets and no DNS server to ask.
type bench struct {
	*site
	read    chan inputs.Snapshot
	configs chan *config.Config
	sources []config.Source
	log     lines
	reports reports
	resets  resets
}

// lines is a log of which the messages are kept.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(line))
	return len(line), nil
}

// count is how many lines contain the text.
func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.text {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// inBubble runs a test with a resolver that has started and is at rest.
func inBubble(t *testing.T, prepare func(cache *lastgood.Store), test func(b *bench)) {
	t.Helper()
	inBubbleAt(t, t.TempDir(), prepare, test)
}

// inBubbleAt does so in a directory, where the cache is in "cache" and the hosts file in "etc".
func inBubbleAt(t *testing.T, dir string, prepare func(cache *lastgood.Store), test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{
			site: &site{t: t, dir: dir, registry: prometheus.NewRegistry()},
			read: make(chan inputs.Snapshot), configs: make(chan *config.Config),
		}
		if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
			t.Fatal(err)
		}
		b.write("etc/hosts", "127.0.0.1 localhost\n")
		cache := lastgood.Open(filepath.Join(dir, "cache"))
		if prepare != nil {
			prepare(cache)
		}
		log := slog.New(slog.NewTextHandler(&b.log, nil))
		b.resolver = resolver.New(resolver.Options{
			Node: "node-a", Config: example(t), Cache: cache, Client: dnsclient.New(nil, time.Second),
			Hosts: nodehosts.NewFile(filepath.Join(dir, "etc/hosts")), Report: b.reports.write,
			Reset: b.resets.reset, Check: b.resets.check,
			Metrics: b.registry, Log: log,
			Detours: func(endpoints []string) ([]detours.Detour, error) {
				return detours.In(filepath.Join(dir, "etc"), endpoints)
			},
			Follow: func(ctx context.Context, use func(*config.Config)) error {
				for {
					select {
					case c := <-b.configs:
						use(c)
					case <-ctx.Done():
						return nil
					}
				}
			},
			Read: func(ctx context.Context, source config.Source, publish func(inputs.Snapshot)) error {
				b.sources = append(b.sources, source)
				for {
					select {
					case s := <-b.read:
						publish(s)
					case <-ctx.Done():
						return nil
					}
				}
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.resolver.Run(ctx) }()
		synctest.Wait()
		test(b)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHostsFileThatOthersEditIsPutRightWithinTenSeconds(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", "-")
		synctest.Wait()
		b.write("etc/hosts", "127.0.0.1 localhost\n")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := b.hosts(); got != block {
			t.Errorf("the hosts file is %q", got)
		}
	})
}

func TestForeignLineForTheEndpointIsReportedAndLeft(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		const foreign = "10.9.9.9 Cross-Region.registry.io\n"
		b.write("etc/hosts", foreign)
		b.read <- read("hangzhou", "-")
		synctest.Wait()
		if got := b.hosts(); !strings.HasPrefix(got, foreign) || !strings.Contains(got, hangzhou) {
			t.Errorf("the hosts file is %q", got)
		}
		if b.metric("registry_failover_hosts_synced", "") != 0 || b.log.count("lines outside the block for cross-region.registry.io") != 1 {
			t.Errorf("it is not reported: %q", b.log.text)
		}
	})
}

// The file is compared every 10 s, and fails each time.
func TestHostsFileThatCannotBeWrittenIsReportedOnce(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		must(t, errors.Join(os.Remove(filepath.Join(b.dir, "etc/hosts")), os.Mkdir(filepath.Join(b.dir, "etc/hosts"), 0o755)))
		b.read <- read("hangzhou", "-")
		time.Sleep(4 * time.Minute) // the report isn't renewed yet
		synctest.Wait()
		if got := b.log.count("is no regular file"); got != 1 {
			t.Errorf("it was logged %d times: %q", got, b.log.text)
		}
		if got := b.one("a hosts file that can't be written").Hosts; !strings.Contains(got, "is no regular file") {
			t.Errorf("the node reports %q", got)
		}
		must(t, os.Remove(filepath.Join(b.dir, "etc/hosts")))
		b.write("etc/hosts", "127.0.0.1 localhost\n")
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if got := b.log.count("something works again"); got != 1 || b.hosts() != block {
			t.Errorf("its end was logged %d times: %q; the hosts file is %q", got, b.log.text, b.hosts())
		}
	})
}

func TestStartWithNothingToReadFollowsPrivateZoneAfterTenSeconds(t *testing.T) {
	prepare := func(cache *lastgood.Store) {
		must(t, cache.Save("records/"+name, []byte(`{"addresses":["10.2.0.99"]}`)))
	}
	inBubble(t, prepare, func(b *bench) {
		b.write("etc/hosts", earlier)
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if got := b.metric("registry_failover_answer_target", name); got != -1 {
			t.Errorf("after 9 s there is an answer: %v", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := b.metric("registry_failover_answer_target", name); got != 1 {
			t.Errorf("after 11 s there is no answer: %v", got)
		}
		if err := b.resolver.Ready(); err == nil {
			t.Error("it is ready, and nobody has decided")
		}
		if got := b.hosts(); got != earlier {
			t.Errorf("the hosts file is %q", got)
		}
	})
}

func TestWhatStaysAsItIsIsLoggedOnce(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		for range 5 {
			s := read("hangzou", "-")
			s.State.Problem = "not of interest"
			b.read <- s
			time.Sleep(time.Minute) // lookups are tried again and fail
		}
		synctest.Wait()
		if got := b.log.count(`unknown target`); got != 1 {
			t.Errorf("the bad switch is logged %d times", got)
		}
		if got := b.log.count(`msg="a lookup failed`); got != 3 {
			t.Errorf("three names that can't be looked up are logged %d times", got)
		}
	})
}

func TestNewSourceBeginsReadingAgain(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.configs <- example(t, "node: {hosts: Always}")
		b.configs <- example(t, "privateZone: {source: API}", "credentials: {provider: RRSA}")
		synctest.Wait()
		b.read <- read("hangzhou", "-")
		synctest.Wait()
		if len(b.sources) != 2 || b.sources[0] != config.VPCDNS || b.sources[1] != config.API {
			t.Errorf("reading began for %v", b.sources)
		}
		if got := b.hosts(); got != block {
			t.Errorf("what is read then is not in force: the hosts file is %q", got)
		}
	})
}

func TestSeriesOfAnEndpointThatLeftAreGone(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", "-")
		synctest.Wait()
		other := example(t)
		other.Endpoints[0].Name = "other.registry.io"
		b.configs <- other
		synctest.Wait()
		for _, metric := range []string{"switch_valid", "state_valid", "answer_current", "answer_target", "lookup_success"} {
			if got := b.metric("registry_failover_"+metric, name); got != -1 {
				t.Errorf("%s is still %v", metric, got)
			}
		}
		if got := b.metric("registry_failover_switch_valid", "other.registry.io"); got != 0 {
			t.Errorf("the new endpoint's switch_valid is %v", got)
		}
	})
}

func TestSwitchAndStateAreRemembered(t *testing.T) {
	const state = `{"version":1,"zones":{"vpc-bbbbb":{"addresses":["10.2.0.55"]}}}`
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", state)
		synctest.Wait()
		cache := lastgood.Open(filepath.Join(b.dir, "cache"))
		for file, want := range map[string]string{"switch/" + name: "hangzhou", "state/" + name: state} {
			if got, err := cache.Load(file); string(got) != want {
				t.Errorf("%s is %q, %v", file, got, err)
			}
		}
		if got := b.metric("registry_failover_cache_written", ""); got != 1 {
			t.Errorf("cache_written is %v", got)
		}
	})
}

func TestRecordsOfNamesThatNobodyAsksForAreForgotten(t *testing.T) {
	prepare := func(cache *lastgood.Store) {
		must(t, cache.Save("records/gone.example.com", []byte(`{"addresses":["10.2.0.99"]}`)))
		must(t, cache.Save("records/"+name, []byte(`{"addresses":["10.2.0.99"]}`)))
	}
	inBubble(t, prepare, func(b *bench) {
		cache := lastgood.Open(filepath.Join(b.dir, "cache"))
		if _, err := cache.Load("records/gone.example.com"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the records of a name that is gone: %v", err)
		}
		if _, err := cache.Load("records/" + name); err != nil {
			t.Error(err)
		}
	})
}

func TestCacheThatCannotBeWrittenIsReportedOnceAndStopsNothing(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		must(t, os.RemoveAll(filepath.Join(b.dir, "cache")))
		must(t, os.WriteFile(filepath.Join(b.dir, "cache"), nil, 0o644))
		b.read <- read("hangzhou", "-")
		synctest.Wait()
		b.read <- read("to: hangzhou\nreason: again", "-")
		synctest.Wait()
		if got := b.hosts(); got != block {
			t.Errorf("the hosts file is %q", got)
		}
		if b.metric("registry_failover_cache_written", "") != 0 || b.log.count("keeping what a restart needs") != 1 {
			t.Errorf("it is not reported once: %q", b.log.text)
		}
	})
}

package e2e

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

var (
	// soak is how long the long run lasts; there is none with 0.
	soak = flag.Duration("soak", 0, "throw the switch and kill parts at random for this long")
	// seed repeats the order of an earlier run.
	seed = flag.Uint64("seed", 0, "the seed of -soak, which a run prints; 0 chooses one")
)

// TestSoak throws the switch back and forth while one part after the other dies,
// at random moments around the switch, under lookups and pulls. All the time: no
// answer is empty, none is older than it may be, and the hosts file has nothing
// but the block. In the second half only the cluster's own parts die: at its end
// the product's processes are the same, and as large as in the middle.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("no long run was asked for: -soak 10m")
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("repeat it with -soak %s -seed %d", *soak, *seed)
	s := newScenario(t, 4)
	s.play(t, "helm install", (*scenario).install)
	s.play(t, "the switch is thrown while parts die", (*scenario).soak)
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		s.awaitNothingLeft(t)
	})
}

// A turn is a value of the switch, where it leads, and who serves the pulls then.
type turn struct {
	word, instance string
	leads
}

func turns() []turn {
	a, b := node.Hangzhou, node.Zhangjiakou
	return []turn{
		{"privatezone", b.Name, leads{answer: b.Internal.String()}},
		{"hangzhou", a.Name, leads{a.Internal.String(), a.Internal.String()}},
		{"hangzhou/public", a.Name, leads{a.Public.String(), a.Public.String()}},
		{"zhangjiakou/public", b.Name, leads{b.Public.String(), b.Public.String()}},
	}
}

func (s *scenario) soak(t *testing.T) {
	tr, end := observeSwitch(t)
	defer end()

	random := rand.New(rand.NewPCG(*seed, 0))
	begin, at, rounds := time.Now(), 0, 0
	round := func(ours bool) {
		at = (at + 1 + random.IntN(len(turns())-1)) % len(turns())
		dying := deaths[random.IntN(len(deaths))]
		for dying.ours && !ours {
			dying = deaths[random.IntN(len(deaths))]
		}
		offset := time.Duration(random.Int64N(int64(6*time.Second))) - 3*time.Second
		length := time.Second + time.Duration(random.Int64N(int64(5*time.Second)))
		rounds++
		t.Logf("%s round %d after %s: %s dies %.1f s after the switch to %s, for %.1f s", time.Now().UTC().Format(time.TimeOnly),
			rounds, time.Since(begin).Round(time.Second), dying.part, offset.Seconds(), turns()[at].word, length.Seconds())
		tr.play(t, dying, turns()[at], offset, length)
		awaitRuntime(t, turns()[at].answer)
		newPull(t, fmt.Sprintf("soak-%d", rounds), turns()[at].instance)
	}
	for rounds < 2 || time.Since(begin) < *soak/2 {
		round(true)
	}
	middle, err := sizes(t.Context(), t)
	must(t, err)
	for time.Since(begin) < *soak {
		round(false)
	}
	compare(t, middle)
	t.Logf("%d switches in %s", rounds, time.Since(begin).Round(time.Second))
	tr.change(turns()[0].leads, func() { throwPatiently(t, turns()[0].word, time.Minute) })
	awaitHosts(t, "")
}

// play throws the switch, and kills a part before or after it. It returns when everything has recovered.
func (tr *truth) play(t *testing.T, dying death, to turn, offset, length time.Duration) {
	t.Helper()
	revived := make(chan error, 1)
	kill := func() {
		tr.dies(dying)
		revive := dying.kill(t)
		go func() {
			time.Sleep(length)
			revived <- revive(t.Context())
		}()
	}
	throw := func() { tr.change(to.leads, func() { throwPatiently(t, to.word, 2*time.Minute) }) }
	if offset < 0 {
		kill()
		time.Sleep(-offset)
		throw()
	} else {
		throw()
		time.Sleep(offset)
		kill()
	}
	if err := <-revived; err != nil {
		t.Fatalf("%s doesn't come back: %v", dying.part, err)
	}
	awaitAllReady(t)
	await(t, "CoreDNS and the resolvers answer "+to.answer, time.Minute, func(ctx context.Context) error {
		servers := []string{"10.96.0.10:53"}
		pods, err := listPods(ctx, "resolver-dns")
		if err != nil {
			return err
		}
		for _, pod := range pods {
			servers = append(servers, net.JoinHostPort(pod.Status.PodIP, dnsPort))
		}
		for _, server := range servers {
			got, err := standin.Lookup(ctx, server, cluster.Endpoint)
			if err != nil || len(got) != 1 || got[0].String() != to.answer {
				return fmt.Errorf("%s gives %v, %w", server, got, err)
			}
		}
		return nil
	})
	awaitHosts(t, to.block)
	tr.recovered()
}

// throwPatiently patches the switch until that succeeds, as a person does whose API server is away.
func throwPatiently(t *testing.T, word string, limit time.Duration) {
	t.Helper()
	patch := fmt.Appendf(nil, `{"data":{%q:%q}}`, cluster.Endpoint, word)
	await(t, "the switch is thrown to "+word, limit, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, err := node.Client.CoreV1().ConfigMaps(namespace).Patch(ctx, "registry-failover", "application/merge-patch+json", patch, metav1.PatchOptions{})
		return err
	})
}

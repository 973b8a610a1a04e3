package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// A probing is how instances are probed, and what is wanted of automatic mode then.
type probing struct {
	name                string
	interval, timeout   time.Duration
	failures, successes int
	// goal is for a new pod to run from the standby, after the first dropped packet, on a node without a pull in flight.
	goal time.Duration
}

var (
	defaultProbing = probing{"default settings of health", 5 * time.Second, 2 * time.Second, 3, 3, 30 * time.Second}
	fastProbing    = probing{"fast settings of health", 2 * time.Second, time.Second, 2, 2, 15 * time.Second}
)

// values are the chart's, with the shortest dwell time that there can be, and as many moves as a test needs.
func (p probing) values() string {
	return fmt.Sprintf("config.health.interval=%s,config.health.timeout=%s,config.health.failures=%d,config.health.successes=%d,"+
		"config.failover.mode=Automatic,config.failover.dwell=0s,config.failover.maxPerDay=1000",
		p.interval, p.timeout, p.failures, p.successes)
}

// dwell is the shortest, as docs/automatic.md has it.
func (p probing) dwell() time.Duration {
	return time.Duration(p.failures+p.successes)*p.interval + p.timeout
}

// remembered is what automatic mode remembers.
func remembered(ctx context.Context) (failover.State, error) {
	m, err := node.Client.CoreV1().ConfigMaps(namespace).Get(ctx, "registry-failover-automatic", metav1.GetOptions{})
	if err != nil {
		return failover.State{}, err
	}
	return failover.ParseState([]byte(m.Data[cluster.Endpoint]))
}

// awaitMayMove waits until nothing that was before keeps automatic mode from leaving the
// primary: the switch follows PrivateZone, all instances are well, the standby has the images
// that run, and the dwell times are over.
func awaitMayMove(t *testing.T, p probing) {
	t.Helper()
	awaitProbers(t, len(node.Nodes))
	awaitFinding(t, allHealthy)
	await(t, "the standby has the images that run", 5*time.Minute, func(ctx context.Context) error {
		told, err := toldReadiness(ctx, "hangzhou")
		if err == nil && (told.Present == 0 || told.Share < 0.95) {
			err = fmt.Errorf("it is told that it has %+v", told)
		}
		return err
	})
	await(t, "the dwell times are over", 5*p.dwell()+time.Minute, func(ctx context.Context) error {
		s, err := remembered(ctx)
		if err != nil {
			return err
		}
		health, err := foundHealth(ctx)
		if err != nil {
			return err
		}
		if s.Leads != "privatezone to zhangjiakou/internal" {
			return fmt.Errorf("it leads to %s", s.Leads)
		}
		free := slices.MaxFunc([]time.Time{s.Changed.Add(p.dwell()), s.Returned.Add(3 * p.dwell()), health.Instances[0].Since.Add(p.dwell())}, time.Time.Compare)
		if left := time.Until(free) + time.Second; left > 0 { // times are stored to the second
			return fmt.Errorf("%s are left", left)
		}
		return nil
	})
}

// A takeover is one automatic failover: how long after the first dropped packet what happened.
type takeover struct {
	moved time.Duration // the switch was thrown
	// By node: its hosts file led to the standby; a pod that was created then was ready; so was
	// the one whose pull was in flight, 0 where there was none.
	hosts, running, held []time.Duration
}

func (o takeover) String() string {
	text := fmt.Sprintf("after the first dropped packet: switch thrown %.1f s", o.moved.Seconds())
	for i, n := range node.Nodes {
		text += fmt.Sprintf("; %s: hosts file %.1f s, new pod runs %.1f s", n.Name, o.hosts[i].Seconds(), o.running[i].Seconds())
		if o.held[i] > 0 {
			text += fmt.Sprintf(", the one whose pull was in flight %.1f s", o.held[i].Seconds())
		}
	}
	return text
}

// playTakeover drops what is sent to the primary, over both networks, lets a pull hang on some
// nodes, and waits until a new pod with an image that no node has runs on each.
func playTakeover(t *testing.T, name string, held ...*cluster.Node) (o takeover, restore func()) {
	t.Helper()
	must(t, pushWith(t.Context(), name, layerOf(name, 64<<10)))
	must(t, pushWith(t.Context(), name+"-held", layerOf(name+"-held", 64<<10)))
	count := len(node.Nodes)
	o = takeover{hosts: make([]time.Duration, count), running: make([]time.Duration, count), held: make([]time.Duration, count)}
	repositories := []string{"demo/" + name, "demo/" + name + "-held"}
	pushed := map[string]int{} // which looks like a pull
	for _, r := range repositories {
		pushed[r] = node.Zhangjiakou.Pulls(r)
	}
	begin := time.Now()
	restore = sync.OnceFunc(dropAllPackets(t, node.Zhangjiakou))
	defer func() {
		if t.Failed() { // what comes next has the same cluster
			restore()
		}
	}()
	for _, n := range held {
		newPinnedPod(t, name+"-held-"+n.Name, sharedHost+"/demo/"+name+"-held:1", n.Name)
	}
	for _, n := range held {
		awaitPulling(t, name+"-held-"+n.Name)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for missing := o.look(t, name, begin, held); missing != nil; missing = o.look(t, name, begin, held) {
		if time.Since(begin) > 3*time.Minute {
			t.Fatalf("after 3 minutes no new pod runs from the standby on each node: %v", missing)
		}
		<-tick.C
	}
	for _, r := range repositories {
		if n := node.Zhangjiakou.Pulls(r) - pushed[r]; n > 0 {
			t.Errorf("the primary served %d pulls of %s", n, r)
		}
	}
	if n := node.Hangzhou.Pulls(repositories[0]) - pushed[repositories[0]]; n < count { // pushed there alike
		t.Errorf("the standby served %d pulls for %d pods", n, count)
	}
	for _, n := range node.Nodes {
		deletePod(t, shop, name+"-"+n.Name)
	}
	for _, n := range held {
		deletePod(t, shop, name+"-held-"+n.Name)
	}
	return o, restore
}

// look notes what has happened on each node, and creates its pod when its hosts file leads to the standby.
func (o *takeover) look(t *testing.T, name string, begin time.Time, held []*cluster.Node) error {
	t.Helper()
	runs := func(when *time.Duration, pod string) error {
		if *when > 0 {
			return nil
		}
		found, err := node.Client.CoreV1().Pods(shop).Get(t.Context(), pod, metav1.GetOptions{})
		if err == nil {
			err = ready(found)
		}
		if err == nil {
			*when = time.Since(begin)
		}
		return err
	}
	value, err := switchSays(t.Context())
	if err != nil {
		return err
	}
	if value == "privatezone" {
		return errors.New("the switch isn't thrown")
	}
	if o.moved == 0 {
		o.moved = time.Since(begin)
	}
	var missing error
	for i, n := range node.Nodes {
		if o.hosts[i] == 0 {
			if err := hostsLeadOn(n, node.Hangzhou.Internal.String()); err != nil {
				missing = err
				continue
			}
			o.hosts[i] = time.Since(begin)
			newPinnedPod(t, name+"-"+n.Name, sharedHost+"/demo/"+name+":1", n.Name)
		}
		if err := runs(&o.running[i], name+"-"+n.Name); err != nil {
			missing = err
		}
		if slices.Contains(held, n) {
			if err := runs(&o.held[i], name+"-held-"+n.Name); err != nil {
				missing = err
			}
		}
	}
	return missing
}

// awaitPulling waits until the node's kubelet has begun to pull for a pod.
func awaitPulling(t *testing.T, pod string) {
	t.Helper()
	await(t, "the pull for "+pod+" is in flight", 10*time.Second, func(ctx context.Context) error {
		list, err := node.Client.CoreV1().Events(shop).List(ctx, metav1.ListOptions{FieldSelector: "reason=Pulling,involvedObject.name=" + pod})
		if err == nil && len(list.Items) == 0 {
			err = errors.New("no Event tells so")
		}
		return err
	})
}

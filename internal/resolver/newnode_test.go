package resolver_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/resolver"
)

// TestANewNodeDecidesAsOneThatHasSeenAll compares a node that has lived through
// many switches with one of the same name that starts with the last of them:
// the decision depends on endpoint, node name and value alone.
func TestANewNodeDecidesAsOneThatHasSeenAll(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 0))
	value := func() string {
		words := []string{"privatezone", "hangzhou", "zhangjiakou"}
		a := random.IntN(len(words))
		to, from := words[a], words[(a+1+random.IntN(2))%len(words)]
		switch random.IntN(3) {
		case 0:
			return to
		case 1:
			return fmt.Sprintf("to: %s\nfrom: %s\nshare: %d", to, from, random.IntN(101))
		}
		return fmt.Sprintf("to: %s\nfrom: %s\nnodes: node-%d,node-%d", to, from, random.IntN(20), random.IntN(20))
	}
	moved := 0
	for range 500 {
		node := fmt.Sprintf("node-%d", random.IntN(20))
		old := newCore(t, node)
		var last string
		for range 1 + random.IntN(5) {
			last = value()
			old.Read(read(last, "-"))
			old.Read(read("no such word", "-"))
		}
		old.Read(read(last, "-"))
		fresh := newCore(t, node)
		fresh.Read(read(last, "-"))
		if served(old) != served(fresh) || inHosts(t, old, "") != inHosts(t, fresh, "") {
			t.Fatalf("%s with %q: %s, a new one %s", node, last, served(old), served(fresh))
		}
		service := newCore(t, "")
		service.Read(read(last, "-"))
		if served(fresh) != served(service) {
			moved++
		}
	}
	if moved < 50 || moved > 450 {
		t.Errorf("%d of 500 nodes were moved, which shows too little", moved)
	}
}

// TestAClockThatGoesBackChangesNothing: an answer's serial grows even so.
func TestAClockThatGoesBackChangesNothing(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	c := resolver.NewCore("node-a", func() time.Time { return now })
	c.Configure(example(t), nothing)
	c.Read(read("privatezone", "-"))
	c.Found(name, records(fromZone))
	before := c.Zones()[0].Serial
	for _, jump := range []time.Duration{-24 * time.Hour, 48 * time.Hour, -365 * 24 * time.Hour} {
		now = now.Add(jump)
		if got := served(c); got != fromZone {
			t.Errorf("after %v served is %s", jump, got)
		}
		for _, word := range []string{"hangzhou", "privatezone"} {
			c.Read(read(word, "-"))
			if got := c.Zones()[0].Serial; got <= before {
				t.Errorf("after %v the serial went from %d to %d", jump, before, got)
			}
			before = c.Zones()[0].Serial
		}
	}
	if err := c.Ready(); err != nil {
		t.Error(err)
	}
}

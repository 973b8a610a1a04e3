package prober

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

const hangzhou = "10.1.0.10:443"

func TestEveryInstanceIsProbedOverEveryNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{dials: map[string][]time.Time{}}
		p, end := start(t, n, example(t, ""))
		defer end()
		synctest.Wait()
		unknown := map[string]healthreport.Level{
			"hangzhou/internal": "unknown", "hangzhou/public": "unknown", "zhangjiakou/internal": "unknown", "zhangjiakou/public": "unknown",
		}
		if diff := cmp.Diff(unknown, levels(p.Report())); diff != "" {
			t.Errorf("at first:\n%s", diff)
		}
		time.Sleep(5*time.Second + 2*5500*time.Millisecond + time.Second) // 3 probes at the latest
		synctest.Wait()
		for target := range unknown {
			unknown[target] = healthreport.Unreachable
		}
		if diff := cmp.Diff(unknown, levels(p.Report())); diff != "" {
			t.Errorf("after 3 probes:\n%s", diff)
		}
	})
}

func TestProbesCarryJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{dials: map[string][]time.Time{}}
		begin := time.Now()
		_, end := start(t, n, example(t, ""))
		time.Sleep(5 * time.Minute)
		end()
		times := n.times(hangzhou)
		if first := times[0].Sub(begin); first > 6*time.Second {
			t.Errorf("the first is after %s", first)
		}
		different := map[time.Duration]bool{}
		for i := range times[1:] {
			pause := times[i+1].Sub(times[i])
			different[pause] = true
			if pause < 4500*time.Millisecond || pause > 5700*time.Millisecond { // and up to 200 ms for their turn
				t.Errorf("%s between two probes", pause)
			}
		}
		if len(different) < 10 {
			t.Errorf("only %d pauses differ of %d", len(different), len(times))
		}
	})
}

func TestConnectionsHaveTheConfiguredTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{dials: map[string][]time.Time{}, hangs: true}
		p, end := start(t, n, example(t, "health: {timeout: 1s, failures: 1}"))
		defer end()
		time.Sleep(7 * time.Second)
		synctest.Wait()
		i := p.Report().Instances[0]
		if i.Level != healthreport.Unreachable || i.Reason != "can't be connected to: nothing came in time" {
			t.Errorf("%+v", i)
		}
	})
}

// TestNotAllInstancesAreProbedAtOnce: of four that begin within an interval, at random, all within
// half a second are no chance in five tries.
func TestNotAllInstancesAreProbedAtOnce(t *testing.T) {
	var widest time.Duration
	for range 5 {
		synctest.Test(t, func(t *testing.T) {
			n := &fakeNet{dials: map[string][]time.Time{}}
			_, end := start(t, n, example(t, ""))
			time.Sleep(6 * time.Second)
			end()
			var first, last time.Time
			for address := range n.dials {
				begun := n.times(address)[0]
				if first.IsZero() || begun.Before(first) {
					first = begun
				}
				if begun.After(last) {
					last = begun
				}
			}
			widest = max(widest, last.Sub(first))
		})
	}
	if widest < 500*time.Millisecond {
		t.Errorf("all begin within %s", widest)
	}
}

// TestAProbeThatIsCalledOffSaysNothing: another configuration is no failure of an instance.
func TestAProbeThatIsCalledOffSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{dials: map[string][]time.Time{}, hangs: true}
		c := example(t, "health: {failures: 1, timeout: 4s}")
		p, end := start(t, n, c)
		defer end()
		for len(n.times(hangzhou)) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		p.Configure(c)
		synctest.Wait()
		if i := p.Report().Instances[0]; i.Level != healthreport.Unknown {
			t.Errorf("%+v", i)
		}
	})
}

// TestProbesKeepToTheirBudget: an interval of a millisecond and instances that hang are no reason for more.
func TestProbesKeepToTheirBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{dials: map[string][]time.Time{}}
		_, end := start(t, n, example(t, "health: {interval: 1ms}"))
		time.Sleep(time.Minute)
		end()
		total := 0
		for address := range n.dials {
			total += len(n.dials[address])
		}
		if total < 500 || total > 60*perSecond+1 {
			t.Errorf("%d probes in a minute", total)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		for range atOnce {
			if _, ok := b.take(t.Context()); !ok {
				t.Fatal("no turn")
			}
		}
		taken := make(chan struct{})
		go func() {
			if _, ok := b.take(t.Context()); ok {
				close(taken)
			}
		}()
		time.Sleep(time.Hour)
		select {
		case <-taken:
			t.Error("one more is under way")
		default:
		}
		<-b.slots // one ends
		<-taken
	})
}

func TestWhatTheConfigurationKeepsKeepsItsRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &fakeNet{dials: map[string][]time.Time{}}
		p, end := start(t, n, example(t, ""))
		defer end()
		time.Sleep(30 * time.Second)
		before := p.Report()
		c := example(t, "health: {interval: 7s}")
		c.Endpoints[0].Instances[1].Name = "beijing"
		p.Configure(c)
		synctest.Wait()
		after := p.Report()
		if diff := cmp.Diff(before.Instances[:2], after.Instances[:2]); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]healthreport.Level{
			"hangzhou/internal": "unreachable", "hangzhou/public": "unreachable", "beijing/internal": "unknown", "beijing/public": "unknown",
		}, levels(after)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAZoneMayLeadByANameOfItsOwn: an instance is probed as pulls would reach it, and never
// where no answer leads.
func TestAZoneMayLeadByANameOfItsOwn(t *testing.T) {
	c := example(t, "")
	c.Cluster.VPCID, c.PrivateZone.Source = "vpc-bbbbb", config.API
	for i, vpc := range []string{"vpc-aaaaa", "vpc-bbbbb"} {
		c.Endpoints[0].Instances[i].VPCID, c.Endpoints[0].Instances[i].InternalAddresses = vpc, nil
	}
	for sentence, test := range map[string]struct{ records, addrs, name string }{
		"a CNAME":                              {`{"cname":"a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"}`, "[]", "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"},
		"a CNAME that is followed":             {`{"cname":"a-registry-vpc.cn-hangzhou.cr.aliyuncs.com","addresses":["10.1.0.10"]}`, "[10.1.0.10]", ""},
		"a CNAME to itself":                    {`{"cname":"cross-region.registry.io"}`, "[]", ""},
		"addresses, not all of a registry":     {`{"addresses":["127.0.0.1","10.1.0.10","100.100.2.136"]}`, "[10.1.0.10]", ""},
		"addresses, none of them a registry's": {`{"addresses":["127.0.0.1"]}`, "[]", ""},
	} {
		state, err := zone.ParseState([]byte(`{"version":1,"zones":{"vpc-aaaaa":` + test.records + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		got := targets(c, map[string]zone.State{shared: state})[0]
		if got.Target() != "hangzhou/internal" || fmt.Sprint(got.health.Addrs) != test.addrs || got.health.Name != test.name {
			t.Errorf("%s: %+v", sentence, got.health)
		}
	}
}

func TestAddressesAreLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := example(t, "")
		c.Cluster.VPCID, c.PrivateZone.Source = "vpc-bbbbb", config.API
		for i, vpc := range []string{"vpc-aaaaa", "vpc-bbbbb"} {
			c.Endpoints[0].Instances[i].VPCID, c.Endpoints[0].Instances[i].InternalAddresses = vpc, nil
		}
		n := &fakeNet{dials: map[string][]time.Time{}}
		p, end := start(t, n, c)
		defer end()
		time.Sleep(30 * time.Second)
		if i := p.Report().Instances[0]; i.Level != healthreport.Unknown || i.Reason != "no address of it has been learnt yet" {
			t.Errorf("%+v", i)
		}
		if len(n.times(hangzhou)) > 0 {
			t.Error("it is probed all the same")
		}
		state, err := zone.ParseState([]byte(`{"version":1,"zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]}}}`))
		if err != nil {
			t.Fatal(err)
		}
		p.Learn(map[string]zone.State{shared: state})
		time.Sleep(30 * time.Second)
		if got := levels(p.Report()); got["hangzhou/internal"] != healthreport.Unreachable || got["zhangjiakou/internal"] != healthreport.Unknown {
			t.Errorf("%v", got)
		}
	})
}

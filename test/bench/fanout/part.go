package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// part is what was measured with one kind of watch.
type part struct {
	fleet *fleet
	name  string

	connections    int   // that the nodes have brought
	memory, before int64 // of the API server, with the nodes and without
	alone          usage // in a second without the nodes
	connected      usage // for all nodes to connect
	patched        usage // for all patches
	// For each patch, when it had reached so many of the nodes.
	first, middle, p99, last []time.Duration

	others figures.Table
}

// play lets all nodes connect to an API server that has just started, throws the
// switch and calls more while the nodes are there.
func (f *fleet) play(ctx context.Context, name string, listen listener, patches int, more func(context.Context, *part) error) (*part, error) {
	p := &part{fleet: f, name: name}
	f.APIServer.Kill()
	if err := f.RestartAPIServer(ctx); err != nil {
		return nil, err
	}
	if err := f.settle(ctx); err != nil {
		return nil, err
	}
	ctx, leave := context.WithCancel(ctx)
	nodes, ctx := errgroup.WithContext(ctx)
	err := func() error {
		defer leave()
		if err := p.connect(ctx, nodes, listen); err != nil {
			return err
		}
		if err := p.throw(ctx, patches); err != nil {
			return err
		}
		return more(ctx, p)
	}()
	if left := nodes.Wait(); left != nil {
		err = left // what made the rest fail
	}
	return p, err
}

// connect lets the nodes come one after the other, and returns when all have the switch.
func (p *part) connect(ctx context.Context, nodes *errgroup.Group, listen listener) (err error) {
	if p.alone, _, err = p.fleet.during(func() error { return pause(ctx, 10*time.Second) }); err != nil {
		return err
	}
	if p.before, err = p.apiMemory(); err != nil {
		return err
	}
	before, err := p.fleet.sockets()
	if err != nil {
		return err
	}
	value := p.fleet.next()
	if err := p.fleet.throw(ctx, value); err != nil {
		return err
	}
	p.fleet.arrivals.expect(value)
	p.connected, _, err = p.fleet.during(func() error {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for i := range p.fleet.nodes {
			<-tick.C
			nodes.Go(func() error {
				err := listen(ctx, i)
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("%s: %w", p.fleet.nodes[i].name, err)
			})
		}
		_, err := p.fleet.arrivals.await(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if err := p.fleet.settle(ctx); err != nil {
		return err
	}
	sockets, err := p.fleet.sockets()
	if err != nil {
		return err
	}
	p.connections = sockets - before
	p.memory, err = p.apiMemory()
	return err
}

func (p *part) apiMemory() (int64, error) { return figures.Resident(p.fleet.APIServer.PID(), "VmRSS") }

// throw throws the switch, each time when the last node has had the value before.
func (p *part) throw(ctx context.Context, times int) (err error) {
	p.patched, _, err = p.fleet.during(func() error {
		for range times {
			value := p.fleet.next()
			p.fleet.arrivals.expect(value)
			begin := time.Now()
			if err := p.fleet.throw(ctx, value); err != nil {
				return err
			}
			at, err := p.fleet.arrivals.await(ctx)
			if err != nil {
				return err
			}
			p.first = append(p.first, at[0].Sub(begin))
			p.middle = append(p.middle, at[len(at)/2].Sub(begin))
			p.p99 = append(p.p99, at[len(at)*99/100].Sub(begin))
			p.last = append(p.last, at[len(at)-1].Sub(begin))
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// rows shows the part beside the reference.
func (p *part) rows(reference *part) figures.Table {
	t := figures.Table{{What: p.name + ": connections", Figure: fmt.Sprint(p.connections), Reference: fmt.Sprint(reference.connections) + " " + reference.name}}
	for _, row := range []struct {
		what     string
		own, ref []time.Duration
	}{
		{"patch until the first node has it", p.first, reference.first},
		{"patch until half of the nodes have it", p.middle, reference.middle},
		{"patch until 99 % of the nodes have it", p.p99, reference.p99},
		{"patch until the last node has it", p.last, reference.last},
	} {
		t = append(t, withReference(p.name+": "+row.what, row.own, row.ref, reference.name))
	}
	n, patches := float64(len(p.fleet.nodes)), float64(len(p.last))
	for _, row := range []struct {
		what     string
		own, ref time.Duration
		by       float64
	}{
		{"processor time of a patch, API server", p.patched.api, reference.patched.api, patches},
		{"processor time of a patch, etcd", p.patched.etcd, reference.patched.etcd, patches},
		{"processor time of a patch, all nodes together", p.patched.nodes, reference.patched.nodes, patches},
		{"processor time of a node that connects, API server", p.connected.api, reference.connected.api, n},
		{"processor time of a node that connects, etcd", p.connected.etcd, reference.connected.etcd, n},
		{"processor time of a node that connects, the node itself", p.connected.nodes, reference.connected.nodes, n},
	} {
		r := figures.Compare(p.name+": "+row.what, "%.2f ms",
			[]float64{milliseconds(row.own) / row.by}, []float64{milliseconds(row.ref) / row.by}, reference.name)
		if row.ref == 0 {
			r.Ratio = ""
		}
		t = append(t, r)
	}
	t = append(t,
		figures.Compare(p.name+": memory of the API server per node (VmRSS)", "%.0f KiB",
			[]float64{float64(p.memory-p.before) / n / 1024}, []float64{float64(reference.memory-reference.before) / n / 1024}, reference.name),
		figures.Row{What: p.name + ": memory of the API server (VmRSS)", Figure: figures.Mebibytes(p.memory),
			Reference: figures.Mebibytes(p.before) + " without nodes", Ratio: figures.Ratio(float64(p.memory), float64(p.before))},
	)
	return append(t, p.others...)
}

func withReference(what string, own, reference []time.Duration, name string) figures.Row {
	r := figures.Compare(what, "%.1f ms", inMilliseconds(own), inMilliseconds(reference), name)
	r.Worst = fmt.Sprintf("%.1f ms", milliseconds(slices.Max(own)))
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func inMilliseconds(all []time.Duration) []float64 {
	var some []float64
	for _, d := range all {
		some = append(some, milliseconds(d))
	}
	return some
}

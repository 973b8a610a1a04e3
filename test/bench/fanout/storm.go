package main

import (
	"context"
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// storm kills the API server, starts it at once, and throws the switch as soon
// as it takes a patch: all nodes come back meanwhile.
func (p *part) storm(ctx context.Context) error {
	fmt.Printf("%s: the API server is killed and started\n", p.name)
	killed := time.Now()
	p.fleet.APIServer.Kill()
	value := p.fleet.next()
	p.fleet.arrivals.expect(value)
	if err := p.fleet.APIServer.Start(); err != nil {
		return err
	}
	if err := p.fleet.throwWhenItCan(ctx, value); err != nil {
		return err
	}
	taken := time.Now()
	at, err := p.fleet.arrivals.await(ctx)
	if err != nil {
		return err
	}
	all, err := p.fleet.usage()
	if err != nil {
		return err
	}
	requests, err := p.fleet.requests(ctx)
	if err != nil {
		return err
	}
	n := len(p.fleet.nodes)
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
	p.others = append(p.others,
		figures.Row{What: p.name + ": API server killed until it takes a patch", Figure: seconds(taken.Sub(killed))},
		figures.Row{What: p.name + ": from then until half of the nodes have it", Figure: seconds(at[n/2].Sub(taken))},
		figures.Row{What: p.name + ": from then until the last node has it", Figure: seconds(at[n-1].Sub(taken))},
		figures.Row{What: p.name + ": processor time of the API server until then, its start included", Figure: seconds(all.api)},
		figures.Row{What: p.name + ": requests for ConfigMaps until then", Figure: fmt.Sprint(requests), Reference: fmt.Sprintf("%d nodes", n),
			Ratio: figures.Ratio(float64(requests), float64(n))},
	)
	return nil
}

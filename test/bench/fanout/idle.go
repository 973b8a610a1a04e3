package main

import (
	"context"
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/test/bench/figures"
)

// idle measures what the nodes cost while nothing happens.
func (p *part) idle(ctx context.Context, length time.Duration) error {
	fmt.Printf("%s: nothing for %v\n", p.name, length)
	before, err := p.fleet.requests(ctx)
	if err != nil {
		return err
	}
	used, took, err := p.fleet.during(func() error { return pause(ctx, length) })
	if err != nil {
		return err
	}
	after, err := p.fleet.requests(ctx)
	if err != nil {
		return err
	}
	for _, row := range []struct {
		what       string
		own, alone time.Duration
	}{
		{"API server", used.api, p.alone.api}, {"etcd", used.etcd, p.alone.etcd}, {"all nodes together", used.nodes, p.alone.nodes},
	} {
		p.others = append(p.others, figures.Row{
			What:      p.name + ": processor idle, " + row.what,
			Figure:    fmt.Sprintf("%.2f %%", 100*row.own.Seconds()/took.Seconds()),
			Reference: fmt.Sprintf("%.2f %% without nodes", 100*row.alone.Seconds()/10),
		})
	}
	p.others = append(p.others, figures.Row{
		What: fmt.Sprintf("%s: requests while idle, in %v", p.name, length), Figure: fmt.Sprint(after - before),
	})
	return nil
}

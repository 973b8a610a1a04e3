package uninstall

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// poll is how often the Leases are read. Nodes report within 2 seconds.
const poll = 2 * time.Second

// removeCommand takes the block away on a node that has nothing of ours. Without
// an END line sed would delete everything to the end of the file.
const removeCommand = `grep -q '^# END registry-failover' /etc/hosts && sed -i '/^# BEGIN registry-failover/,/^# END registry-failover/d' /etc/hosts`

// awaitNodes waits until every node that has a Lease reports that it has no
// block, and lists those that don't when the time is over.
func (o Options) awaitNodes(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		now, err := o.reports(ctx)
		if err == nil && len(now.silent) == 0 {
			o.tell(now)
			return nil
		}
		select {
		case <-tick.C:
			continue
		case <-limited.Done():
		}
		if ctx.Err() != nil {
			return errors.New("it was ended before all nodes had reported: run it again")
		}
		if now, err = o.reports(ctx); err != nil {
			return err
		}
		o.tell(now)
		return nil
	}
}

// nodes are the names of all nodes of the cluster.
func (o Options) nodes(ctx context.Context) (map[string]bool, error) {
	names := map[string]bool{}
	list := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return o.Client.CoreV1().Nodes().List(ctx, options)
	})
	err := list.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		node, ok := object.(metav1.Object)
		if !ok {
			return fmt.Errorf("a list of nodes holds a %T", object)
		}
		names[node.GetName()] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the nodes can't be listed: %w", err)
	}
	return names, nil
}

// reports compares the nodes that there are now with what they report.
func (o Options) reports(ctx context.Context) (tally, error) {
	nodes, err := o.nodes(ctx)
	if err != nil {
		return tally{}, err
	}
	leases, err := o.Client.CoordinationV1().Leases(o.Namespace).List(ctx, metav1.ListOptions{LabelSelector: nodereport.Selector})
	if err != nil {
		return tally{}, fmt.Errorf("the nodes' Leases can't be listed: %w", err)
	}
	return count(nodes, leases.Items), nil
}

// tell says what has become of the nodes.
func (o Options) tell(t tally) {
	o.say("%d of %d nodes report that they have no block.", t.done, t.done+len(t.silent)+len(t.without))
	if len(t.without) > 0 {
		o.say("No resolver has ever reported from %s: no block is known there.", few(t.without))
	}
	if len(t.silent) == 0 {
		return
	}
	o.say("These nodes don't:")
	for _, s := range t.silent {
		o.say("  %s: %s", s.name, s.why)
	}
	o.say("Where a block is left, pulls go on to lead where it says. Run on each of these nodes, as root:")
	o.say("  %s", removeCommand)
	o.say("or, where the program is at hand:")
	o.say("  resolver hosts --remove --hosts-file /etc/hosts")
}

// few names the first of many.
func few(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

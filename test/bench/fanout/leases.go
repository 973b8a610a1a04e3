package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/nodelease"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// spread is the time over which resolvers write their reports of a switch.
const spread = 2 * time.Second

// leases measures the reports of all nodes beside what kubelets do anyway.
func (f *fleet) leases(ctx context.Context) (figures.Table, error) {
	fmt.Println("reports of all nodes, and what kubelets do")
	if err := f.settle(ctx); err != nil {
		return nil, err
	}
	renewal, err := f.renewals(ctx)
	if err != nil {
		return nil, err
	}
	of := fmt.Sprintf("%.2f ms renewal by a kubelet", renewal)
	t := figures.Table{{
		What: "renewals by kubelets, one each 10 s: processor of the API server", Figure: fmt.Sprintf("%.1f %%", renewal*float64(len(f.nodes))/10/10),
	}}
	var writers []*nodelease.Writer
	for _, round := range []struct {
		what string
		anew bool
	}{
		{"first report of a node, on a new connection", true},
		{"next report, on the same connection", false},
		{"next report, on a new connection", true},
	} {
		if round.anew {
			if writers, err = f.writers(); err != nil {
				return nil, err
			}
		}
		refused := 0
		used, took, err := f.during(func() (err error) {
			refused, err = f.report(ctx, writers)
			return err
		})
		if err != nil {
			return nil, err
		}
		each := milliseconds(used.api) / float64(len(f.nodes))
		t = append(t, figures.Row{
			What: "processor time of a " + round.what + ", API server", Figure: fmt.Sprintf("%.2f ms", each),
			Reference: of, Ratio: figures.Ratio(each, renewal),
		}, figures.Row{What: "  all nodes have reported", Figure: fmt.Sprintf("%.2f s", took.Seconds()), Reference: spread.String() + " spread"},
			figures.Row{What: "  writes that were refused, and tried again", Figure: fmt.Sprint(refused)})
	}
	return t, nil
}

func (f *fleet) writers() ([]*nodelease.Writer, error) {
	var all []*nodelease.Writer
	for i, n := range f.nodes {
		config := f.config(i)
		config.Dial = new(net.Dialer).DialContext // one that others don't have: so they share no connection
		w, err := nodelease.New(config, namespace, n.name)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// report lets each node write a report that differs from its last, at a moment
// by chance, and again after a refusal as late as a resolver does. It returns how
// often that was.
func (f *fleet) report(ctx context.Context, writers []*nodelease.Writer) (int, error) {
	var refused atomic.Int64
	report := nodereport.Report{
		Answers: map[string]nodereport.Answer{cluster.Endpoint: {Switch: nodereport.Hash(f.next()), Target: "hangzhou/internal"}},
		Hosts:   nodereport.Applied, Since: time.Now().Truncate(time.Second), Version: "bench",
	}
	nodes, ctx := errgroup.WithContext(ctx)
	for _, w := range writers {
		nodes.Go(func() error {
			if err := pause(ctx, rand.N(spread)); err != nil {
				return err
			}
			began := time.Now()
			for retry := time.Second; ; retry = min(2*retry, 32*time.Second) {
				err := w.Write(ctx, report)
				if err == nil || time.Since(began) > patience {
					return err
				}
				refused.Add(1)
				if err := pause(ctx, retry+rand.N(retry)); err != nil {
					return err
				}
			}
		})
	}
	err := nodes.Wait()
	return int(refused.Load()), err
}

// renewals has each node's kubelet renew its Lease once within 10 seconds, as they do,
// and returns the API server's milliseconds for one. They share a connection and
// an administrator's rights, which only makes them cheaper.
func (f *fleet) renewals(ctx context.Context) (float64, error) {
	config := rest.CopyConfig(f.Config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	leases := client.CoordinationV1().Leases("kube-node-lease")
	held := make([]*coordinationv1.Lease, len(f.nodes))
	making, inGroup := errgroup.WithContext(ctx)
	making.SetLimit(atOnce)
	for i, n := range f.nodes {
		making.Go(func() (err error) {
			seconds := int32(40)
			held[i], err = leases.Create(inGroup, &coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{Name: n.name},
				Spec:       coordinationv1.LeaseSpec{HolderIdentity: &n.name, LeaseDurationSeconds: &seconds},
			}, metav1.CreateOptions{})
			return err
		})
	}
	if err := making.Wait(); err != nil {
		return 0, err
	}
	if err := f.settle(ctx); err != nil {
		return 0, err
	}
	used, _, err := f.during(func() error {
		tick := time.NewTicker(10 * time.Second / time.Duration(len(held)))
		defer tick.Stop()
		renewing, ctx := errgroup.WithContext(ctx)
		for _, lease := range held {
			<-tick.C
			renewing.Go(func() error {
				lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()}
				_, err := leases.Update(ctx, lease, metav1.UpdateOptions{})
				return err
			})
		}
		return renewing.Wait()
	})
	return milliseconds(used.api) / float64(len(held)), err
}

package main

import (
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// leaderLease is the Lease by which the replicas elect their leader.
const leaderLease = "registry-failover-controller"

// A replica tries to become the leader every retryPeriod, or up to 2.2 times as
// long by chance. It counts leaseDuration from when it has seen the last renewal, so
// a leader that is killed is followed within leaseDuration + 2 × 2.2 × retryPeriod,
// 18.8 s. A leader that can't renew for renewDeadline ends, before another begins.
var (
	leaseDuration = 10 * time.Second
	renewDeadline = 7 * time.Second
	retryPeriod   = 2 * time.Second
	// shutdown is how long what runs has to end, before the Lease is released.
	shutdown = 5 * time.Second
)

func newManager(cluster *rest.Config, o options) (manager.Manager, error) {
	logger := logr.FromSlogHandler(withoutEnd{o.log.Handler()})
	logf.SetLogger(logger)
	klog.SetLogger(logger)
	cluster = rest.CopyConfig(cluster)
	cluster.QPS = -1 // the delays between attempts are limit enough, and a second limit would add to them
	return manager.New(cluster, manager.Options{
		Logger:         logger,
		MapperProvider: kinds,
		// Whatever is watched has a restricted watch of its own; no read may begin another.
		Cache:                         cache.Options{ReaderFailOnMissingInformer: true},
		Metrics:                       metricsserver.Options{BindAddress: "0"},
		GracefulShutdownTimeout:       &shutdown,
		LeaderElection:                true,
		LeaderElectionID:              leaderLease,
		LeaderElectionNamespace:       o.namespace,
		LeaderElectionReleaseOnCancel: true,
		LeaderElectionLabels: map[string]string{
			"app.kubernetes.io/part-of":   "registry-failover",
			"app.kubernetes.io/name":      "registry-failover",
			"app.kubernetes.io/component": "controller",
		},
		LeaseDuration: &leaseDuration,
		RenewDeadline: &renewDeadline,
		RetryPeriod:   &retryPeriod,
	})
}

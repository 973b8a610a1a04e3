package inputs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// KubeOptions say from where the ConfigMaps are read.
type KubeOptions struct {
	// Config names the API server, as [RESTConfig] gives it.
	Config *rest.Config
	// Namespace holds both ConfigMaps, as [Namespace] gives it.
	Namespace string
	// WatchState says that the state is watched as the switch is. Without it the
	// state is read once at the start, retried until it has been read, then left.
	WatchState bool
	// Logger gets what the watching machinery has to say. Problems are in the
	// snapshots and are not logged.
	Logger *slog.Logger
}

// retry is how long to wait between attempts: 0.2 s at first, then up to 4 s, each
// up to twice as long by chance. An API server that is back has all nodes of the
// cluster before it, and an attempt that it refuses costs it a millisecond or two:
// 5,000 nodes that came every second or two would keep it from ever serving one.
var retry = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 1, Steps: 10, Cap: 4 * time.Second}

// afterDrop is the longest wait, up to twice as long by chance, after a watch that
// worked and ended: a switch that is thrown meanwhile waits no longer.
const afterDrop = time.Second

// requestTimeout is how long one answer may take that is no watch, and a watch to begin.
const requestTimeout = 10 * time.Second

// watchGrace is how much longer a watch may last than the API server was asked for.
const watchGrace = 30 * time.Second

// Kube watches the ConfigMaps registry-failover and registry-failover-state by
// name. It needs a Role with get, list and watch on configmaps with these two
// resourceNames; a list or watch names its object by field selector, as such a
// Role demands.
//
// publish is called with each snapshot that differs from the one before, never
// twice at the same time and never after Kube has returned; at first that is as
// soon as anything, if only a problem, is known of one of the two. Kube returns
// nil when ctx ends, and an error only for options that can't be used.
func Kube(ctx context.Context, o KubeOptions, publish func(Snapshot)) error {
	if o.Config == nil || o.Namespace == "" || o.Logger == nil {
		return errors.New("reading ConfigMaps needs an API server, a namespace and a logger")
	}
	client, err := newClient(o.Config)
	if err != nil {
		return err
	}
	ctx = klog.NewContext(ctx, logr.FromSlogHandler(o.Logger.Handler()))
	b := &board{publish: publish}
	defer b.close()
	choice := &source{client: client, namespace: o.Namespace, name: SwitchName}
	choice.tell = func(o Object) { b.update(func(s *Snapshot) { s.Switch = o }) }
	state := &source{client: client, namespace: o.Namespace, name: StateName}
	state.tell = func(o Object) { b.update(func(s *Snapshot) { s.State = o }) }

	var running sync.WaitGroup
	running.Go(func() { choice.watch(ctx) })
	if o.WatchState {
		running.Go(func() { state.watch(ctx) })
	} else {
		running.Go(func() { state.readOnce(ctx) })
	}
	running.Wait()
	return nil
}

// watch keeps the source as the API server has it until ctx ends.
func (s *source) watch(ctx context.Context) {
	logger := klog.FromContext(ctx)
	again := retry // a copy, as the next one: each counts its own attempts
	reflector := cache.NewReflectorWithOptions(s, &configMap{}, s, cache.ReflectorOptions{
		Name: s.name, Backoff: &again, Logger: &logger,
	})
	backoff := retry
	for ctx.Err() == nil {
		began := time.Now()
		// The source has told of each request that failed. The Reflector's own loop
		// would log them all, every second of an outage.
		_ = reflector.ListAndWatchWithContext(ctx)
		if time.Since(began) > time.Minute {
			backoff = retry // it has worked
		}
		delay := backoff.Step()
		if !s.failing() {
			delay = min(delay, wait.Jitter(afterDrop, 1))
		}
		pause(ctx, delay)
	}
}

// readOnce reads the source until that has succeeded once. A ConfigMap that
// doesn't exist is asked for again, at a slow pace: until the controller has
// created it, its absence is reported.
func (s *source) readOnce(ctx context.Context) {
	backoff := retry
	for ctx.Err() == nil {
		err := s.get(ctx)
		if err == nil {
			return
		}
		delay := backoff.Step()
		if apierrors.IsNotFound(err) {
			delay = wait.Jitter(30*time.Second, 1)
		}
		pause(ctx, delay)
	}
}

// giveTime gives an API server that is overloaded the time that it asks for, on
// top of the delay between attempts, but no more than 5 seconds.
func giveTime(ctx context.Context, err error) {
	if seconds, asked := apierrors.SuggestsClientDelay(err); asked {
		pause(ctx, min(time.Duration(seconds)*time.Second, 5*time.Second))
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

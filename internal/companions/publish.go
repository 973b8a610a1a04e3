package companions

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const (
	// settle is how long changes are gathered before the index is written.
	settle = time.Second
	// spacing is between two writes: kubelet brings the index to the webhook within a
	// minute or so, whatever is done here.
	spacing = 5 * time.Second
	// indexTimeout is for one request.
	indexTimeout = 10 * time.Second
)

// publisher keeps the index. Only its own goroutine uses what isn't atomic.
type publisher struct {
	keeper *Keeper
	bell   chan struct{}
	writes *prometheus.CounterVec

	exists bool
	texts  map[string]string // what stands there
	// stale says that somebody else may have written it.
	stale   atomic.Bool
	version atomic.Value // string: what was read or written last
	leftOut atomic.Int64
}

func newPublisher(k *Keeper) *publisher {
	p := &publisher{keeper: k, bell: make(chan struct{}, 1), writes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "registry_failover_pull_secret_index_writes_total",
		Help: "Writes of the index of pull secrets, by outcome (ok or failed).",
	}, []string{"outcome"})}
	p.stale.Store(true)
	p.version.Store("")
	k.Metrics.MustRegister(p.writes)
	p.writes.WithLabelValues("ok")
	p.writes.WithLabelValues("failed")
	return p
}

// ring says that the index may have changed.
func (p *publisher) ring() {
	select {
	case p.bell <- struct{}{}:
	default: // it will be looked at
	}
}

// run writes the index until ctx ends.
func (p *publisher) run(ctx context.Context) {
	eyes := &eyes{publisher: p}
	defer eyes.close()
	for failing := false; ; {
		select {
		case <-p.bell:
		case <-ctx.Done():
			return
		}
		if !pause(ctx, settle) {
			return
		}
		if p.keeper.settings.Load().Mode == config.PullSecretsOff {
			eyes.close()
			continue
		}
		eyes.open(ctx)
		written, err := p.publish(ctx)
		if err != nil && ctx.Err() == nil {
			if !failing {
				p.keeper.Log.Warn("the index of pull secrets can't be written: it is tried again", "error", err)
			}
			p.stale.Store(true)
			p.ring()
		}
		if failing = err != nil; (failing || written) && !pause(ctx, spacing-settle) {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// publish writes what differs.
func (p *publisher) publish(ctx context.Context) (written bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	if p.stale.Swap(false) {
		if err := p.read(ctx); err != nil {
			return false, err
		}
	}
	now := p.wanted()
	changes := map[string]any{}
	for namespace, text := range now {
		if old, there := p.texts[namespace]; !there || old != text {
			changes[namespace] = text
		}
	}
	for namespace := range p.texts {
		if _, there := now[namespace]; !there {
			changes[namespace] = nil
		}
	}
	if len(changes) == 0 {
		return false, nil
	}
	err = p.write(ctx, changes, now)
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	p.writes.WithLabelValues(outcome).Inc()
	return true, err
}

func (p *publisher) read(ctx context.Context) error {
	c, err := p.keeper.ConfigMaps.Get(ctx, pullsecrets.IndexName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		p.exists, p.texts = false, map[string]string{}
		return nil
	case err != nil:
		return fmt.Errorf("could not read the ConfigMap %s: %w", pullsecrets.IndexName, err)
	}
	p.exists, p.texts = true, c.Data
	p.version.Store(c.ResourceVersion)
	return nil
}

func (p *publisher) write(ctx context.Context, changes map[string]any, all map[string]string) error {
	var c *corev1.ConfigMap
	var err error
	if p.exists {
		var patch []byte
		if patch, err = json.Marshal(map[string]any{"data": changes}); err != nil {
			return err
		}
		c, err = p.keeper.ConfigMaps.Patch(ctx, pullsecrets.IndexName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: ownedsecrets.Manager})
	} else {
		c, err = p.keeper.ConfigMaps.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: pullsecrets.IndexName, Labels: map[string]string{
				"app.kubernetes.io/part-of":   "registry-failover",
				"app.kubernetes.io/name":      "registry-failover",
				"app.kubernetes.io/component": "controller",
			}},
			Data: all,
		}, metav1.CreateOptions{FieldManager: ownedsecrets.Manager})
	}
	if err != nil {
		return fmt.Errorf("could not write the ConfigMap %s: %w", pullsecrets.IndexName, err)
	}
	p.exists, p.texts = true, all
	p.version.Store(c.ResourceVersion)
	return nil
}

// wanted is what shall stand there.
func (p *publisher) wanted() map[string]string {
	s := p.keeper.settings.Load()
	kept, left, found := map[string]string{}, []string{}, pullsecrets.Index{}
	for namespace, text := range p.texts {
		if known, err := pullsecrets.DecodeNamespace([]byte(text)); err == nil {
			found[namespace] = known
		}
		switch {
		case s.covers(namespace):
			if !p.keeper.listed(namespace) {
				kept[namespace] = text // until it is known better
			}
		case s.derives() && derived(found[namespace]):
			// What stands there nobody may delete any more but people. They are told until
			// they take the key away.
			kept[namespace] = text
			left = append(left, namespace)
		}
	}
	if !s.derives() {
		left = p.keeper.view.derivedIn()
	}
	slices.Sort(left)
	p.keeper.report.left(left)
	ours := func(namespace string) bool { return s.covers(namespace) && p.keeper.listed(namespace) }
	texts, leftOut := fit(p.keeper.view.index(s, ours, found), pullsecrets.MaxIndexBytes-size(kept))
	if before := p.leftOut.Swap(int64(leftOut)); before == 0 && leftOut > 0 {
		p.keeper.Log.Warn("the index has no room for all pull secrets: the webhook guesses what the others hold", "leftOut", leftOut)
	}
	maps.Copy(texts, kept)
	return texts
}

// derived tells by what stood in the index whether a namespace was given companions.
func derived(n pullsecrets.Namespace) bool {
	for _, holdings := range n {
		if len(wantedBy(holdings)) > 0 {
			return true
		}
	}
	return false
}

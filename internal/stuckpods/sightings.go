package stuckpods

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// policy is what of the configuration counts here.
type policy struct {
	rewriter  *rewrite.Rewriter
	endpoints []zone.Endpoint
	recreate  bool
}

// sightings are the pods that wait, as a list had them that began then.
type sightings struct {
	at   time.Time
	pods map[types.UID]Pod
}

func (s *sightings) add(p *policy, pod *corev1.Pod) {
	if found, waits := Find(p.rewriter, pod); waits {
		s.pods[pod.UID] = found
	}
}

// Begin is part of stragglers.Listener.
func (w *Watcher) Begin() (visit func(*corev1.Pod), end func()) {
	p := w.policy.Load()
	all := &sightings{time.Now(), map[types.UID]Pod{}}
	return func(pod *corev1.Pod) { all.add(p, pod) }, func() {
		w.survey.Store(all)
		w.ring()
	}
}

// take takes over what the last survey saw, and says whether there is one. A survey may
// last a minute: of what a look has listed since it began, the look counts.
func (w *Watcher) take() bool {
	all := w.survey.Swap(nil)
	if all == nil {
		return false
	}
	if w.known.at.After(all.at) {
		w.known.replace(all.pods, func(p Pod) bool { return !p.Pending })
	} else {
		w.known = *all
	}
	return true
}

// look lists the pods that are Pending. Those that wait after they have run, whose phase
// is Running, are as the last survey saw them.
func (w *Watcher) look(ctx context.Context, p *policy) bool {
	began := time.Now()
	w.looked = began // also where it fails: the pace is the same
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all := sightings{began, map[types.UID]Pod{}}
	err := stragglers.EachPending(ctx, w.Pods, func(pod *corev1.Pod) { all.add(p, pod) })
	if err != nil {
		w.warn(ctx, "list the pods: what was seen last stays", err)
		return false
	}
	w.known.at = began
	w.known.replace(all.pods, func(p Pod) bool { return p.Pending })
	return true
}

// replace puts other pods in the place of those that are so.
func (s *sightings) replace(others map[types.UID]Pod, so func(Pod) bool) {
	pods := map[types.UID]Pod{}
	for uid, p := range s.pods {
		if !so(p) {
			pods[uid] = p
		}
	}
	for uid, p := range others {
		if so(p) {
			pods[uid] = p
		}
	}
	s.pods = pods
}

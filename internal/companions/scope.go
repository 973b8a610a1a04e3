package companions

import (
	"context"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/watches"
)

// secretTypes are those of Secrets that are watched, each by itself: a field selector knows no "or".
var secretTypes = []string{pullsecrets.TypeDockerConfigJSON, pullsecrets.TypeDockerConfig}

// scope is one namespace that is watched, or all.
type scope struct {
	keeper    *Keeper
	namespace string // empty for all
	lanes     []*lane
	stop      context.CancelFunc
	done      sync.WaitGroup
	failing   atomic.Bool
	// unlisted counts the types of which no list was complete yet.
	unlisted atomic.Int32
}

// lane is one type of Secrets in a scope. It is a sink of [watches.Follow].
type lane struct {
	scope  *scope
	turn   int
	listed bool
}

// open begins to watch.
func (k *Keeper) open(ctx context.Context, namespace string) *scope {
	s := &scope{keeper: k, namespace: namespace}
	ctx, s.stop = context.WithCancel(ctx)
	objects := k.Metadata.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(namespace)
	s.unlisted.Store(int32(len(secretTypes)))
	for _, kind := range secretTypes {
		l := &lane{scope: s}
		s.lanes = append(s.lanes, l)
		s.done.Go(func() { watches.Follow(ctx, objects, fields.OneTermEqualSelector("type", kind), l) })
	}
	return s
}

// close ends it, and forgets what it has shown.
func (s *scope) close() {
	s.stop()
	s.done.Wait()
	s.keeper.view.leave(s.lanes)
}

// listed tells whether all that is there has been shown.
func (s *scope) listed() bool { return s.unlisted.Load() == 0 }

// Begin is part of watches.Sink.
func (l *lane) Begin() { l.turn++ }

// See is part of watches.Sink.
func (l *lane) See(o *metav1.PartialObjectMetadata) {
	k := l.scope.keeper
	if k.settings.Load().covers(o.Namespace) {
		k.look(k.view.see(l, o), l.scope.listed())
	}
}

// Miss is part of watches.Sink.
func (l *lane) Miss(o *metav1.PartialObjectMetadata) {
	k := l.scope.keeper
	k.look(k.view.miss(o), l.scope.listed())
}

// End is part of watches.Sink.
func (l *lane) End() {
	s := l.scope
	k := s.keeper
	gone := k.view.sweep(l)
	s.failing.Store(false)
	if l.listed {
		k.look(gone, true)
		return
	}
	l.listed = true
	if s.unlisted.Add(-1) > 0 {
		return
	}
	// What has been shown until now was put off: what one type's list lacks may be of the other.
	k.look(k.view.keys(k.within(s.namespace)), false)
	k.index.ring()
}

// Fail is part of watches.Sink.
func (l *lane) Fail(err error) {
	if !l.scope.failing.Swap(true) {
		l.scope.keeper.Log.Warn("pull secrets can't be watched: it is tried again", "namespace", l.scope.namespace, "error", err)
	}
}

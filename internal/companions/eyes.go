package companions

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/watches"
)

// eyes watch over the index: it comes back when somebody edits or deletes it.
type eyes struct {
	publisher *publisher
	stop      context.CancelFunc
	done      sync.WaitGroup
	shown     bool // since the list began
}

// open opens them until ctx ends, if they aren't open.
func (e *eyes) open(ctx context.Context) {
	if e.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	e.stop = stop
	k := e.publisher.keeper
	maps := k.Metadata.Resource(corev1.SchemeGroupVersion.WithResource("configmaps")).Namespace(k.Namespace)
	e.done.Go(func() {
		watches.Follow(ctx, maps, fields.OneTermEqualSelector("metadata.name", pullsecrets.IndexName), e)
	})
}

// close closes them, if they aren't.
func (e *eyes) close() {
	if e.stop != nil {
		e.stop()
		e.done.Wait()
		e.stop = nil
	}
}

// Begin is part of watches.Sink.
func (e *eyes) Begin() { e.shown = false }

// See is part of watches.Sink.
func (e *eyes) See(o *metav1.PartialObjectMetadata) {
	e.shown = true
	if o.ResourceVersion != e.publisher.version.Load() {
		e.changed()
	}
}

// Miss is part of watches.Sink.
func (e *eyes) Miss(*metav1.PartialObjectMetadata) { e.changed() }

// End is part of watches.Sink.
func (e *eyes) End() {
	if !e.shown {
		e.changed()
	}
}

// Fail is part of watches.Sink. What can't be watched is told when it can't be written.
func (e *eyes) Fail(error) {}

func (e *eyes) changed() {
	e.publisher.stale.Store(true)
	e.publisher.ring()
}

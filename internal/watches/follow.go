package watches

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/klog/v2"
)

const (
	// pageSize is how many objects a list has in memory at once. Each may have 256 KiB of
	// annotations, and whoever may write Secrets may write them: 500 would be more than the
	// controller is given.
	pageSize = 50
	// retryFirst and retryLast are the delays between attempts to list, doubled from one to the other.
	retryFirst, retryLast = time.Second, 30 * time.Second
	listTimeout           = 30 * time.Second
)

// Sink is told what a [Follow] sees of objects, one call after the other.
type Sink interface {
	// Begin comes before a list.
	Begin()
	// See tells of an object that is there, of the list or of a change.
	See(*metav1.PartialObjectMetadata)
	// Miss tells of one that is gone.
	Miss(*metav1.PartialObjectMetadata)
	// End comes after a list that is complete: what wasn't seen since Begin is gone.
	End()
	// Fail tells why the objects can't be listed; it is tried again.
	Fail(error)
}

// Follow tells the sink of the metadata of all objects that the selector chooses,
// from now on until ctx ends. It keeps nothing of them, and has a page of them in
// memory at most: an informer has all, and what it keeps of each object is much
// more than some readers need.
func Follow(ctx context.Context, objects metadata.ResourceInterface, selector fields.Selector, sink Sink) {
	f := follower{objects, selector.String(), sink}
	for delay := retryFirst; ctx.Err() == nil; {
		version, err := f.list(ctx)
		if err == nil {
			delay = retryFirst
			err = f.watch(ctx, version)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			sink.Fail(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(float64(delay) * (0.9 + 0.2*rand.Float64()))):
		}
		delay = min(2*delay, retryLast)
	}
}

type follower struct {
	objects  metadata.ResourceInterface
	selector string
	sink     Sink
}

func (f follower) list(ctx context.Context) (version string, err error) {
	f.sink.Begin()
	options := metav1.ListOptions{FieldSelector: f.selector, Limit: pageSize}
	for {
		page, err := f.page(ctx, options)
		if err != nil {
			return "", fmt.Errorf("list: %w", err)
		}
		for i := range page.Items {
			f.sink.See(&page.Items[i])
		}
		if options.Continue = page.Continue; options.Continue == "" {
			f.sink.End()
			return page.ResourceVersion, nil
		}
	}
}

func (f follower) page(ctx context.Context, options metav1.ListOptions) (*metav1.PartialObjectMetadataList, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	return f.objects.List(ctx, options)
}

// watch tells of changes until the API server no longer knows the version that it has come to.
func (f follower) watch(ctx context.Context, version string) error {
	// While the API server is away it would log an error each second for each watch.
	ctx = klog.NewContext(ctx, logr.Discard())
	w, err := watchtools.NewRetryWatcherWithContext(ctx, version, f)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer func() {
		w.Stop()
		<-w.Done()
	}()
	for event := range w.ResultChan() {
		object, ok := event.Object.(*metav1.PartialObjectMetadata)
		switch {
		case event.Type == watch.Error:
			if err := apierrors.FromObject(event.Object); !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
				return fmt.Errorf("watch: %w", err)
			}
			return nil
		case !ok:
			return fmt.Errorf("watch: it tells of a %T", event.Object)
		case event.Type == watch.Deleted:
			f.sink.Miss(object)
		default:
			f.sink.See(object)
		}
	}
	return errors.New("watch: it has ended")
}

// WatchWithContext is called by the RetryWatcher with the version that it has come to.
func (f follower) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	options.FieldSelector = f.selector
	w, err := f.objects.Watch(ctx, options)
	if refused, ok := errors.AsType[*apierrors.StatusError](err); ok && (apierrors.IsResourceExpired(err) || apierrors.IsGone(err)) {
		// It would try again with the same version for ever.
		status := refused.Status()
		gone := watch.NewFakeWithOptions(watch.FakeOptions{ChannelSize: 1})
		gone.Error(&status)
		return gone, nil
	}
	return w, err
}

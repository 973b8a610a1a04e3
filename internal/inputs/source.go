package inputs

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
)

// source is one ConfigMap on the API server. For the Reflector it is both ends:
// the lister and watcher, and the store (see store.go) that is told what was read.
type source struct {
	client          rest.Interface
	namespace, name string
	tell            func(Object)

	mu      sync.Mutex
	known   bool
	missing bool
	values  map[string]string
	mark    string
	outages outages
}

// IsWatchListSemanticsUnSupported keeps the Reflector from streaming the first
// list: for a single object a plain list is less work on either side, and every
// supported Kubernetes has it. (The method's name is client-go's.)
func (s *source) IsWatchListSemanticsUnSupported() bool { return true }

func (s *source) request() *rest.Request {
	// The delays between attempts are the caller's: retries inside the client
	// would hide for many seconds that anything is wrong.
	return s.client.Get().Namespace(s.namespace).Resource("configmaps").MaxRetries(0)
}

func (s *source) get(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var c configMap
	err := s.request().Name(s.name).Do(limited).Into(&c)
	switch {
	case err == nil:
		s.read(verbGet, &c)
	case apierrors.IsNotFound(err):
		s.read(verbGet, nil)
	default:
		s.failed(ctx, verbGet, err)
	}
	return err
}

// ListWithContext asks for the one object as a list, and for what stands now: the
// Reflector would take what an API server's cache has, which may be from before a failover.
func (s *source) ListWithContext(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	o.FieldSelector, o.ResourceVersion = "metadata.name="+s.name, ""
	var list configMapList
	err := s.request().VersionedParams(&o, metav1.ParameterCodec).Do(limited).Into(&list)
	if err != nil {
		s.failed(ctx, verbList, err)
		giveTime(ctx, err)
		return nil, err
	}
	return &list, nil
}

// WatchWithContext opens a watch on the one object. It ends one that doesn't
// begin or end when it should: a proxy may answer pings without an API server.
// The options say how long it should last, as the Reflector's do.
func (s *source) WatchWithContext(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	o.FieldSelector = "metadata.name=" + s.name
	o.Watch = true
	limited, end := context.WithTimeout(ctx, time.Duration(*o.TimeoutSeconds)*time.Second+watchGrace)
	late := time.AfterFunc(requestTimeout, end)
	w, err := s.request().VersionedParams(&o, metav1.ParameterCodec).Watch(limited)
	late.Stop()
	_, streams := w.(*watch.StreamWatcher)
	if err == nil && !streams || err != nil && limited.Err() != nil {
		// The REST client makes a watch without events of a connection that timed
		// out or was closed, as if one had begun and ended.
		err = errNoAnswer
	}
	if err != nil {
		end()
		s.failed(ctx, verbWatch, err)
		giveTime(ctx, err)
		return nil, err
	}
	s.watching()
	return endingWatch{w, end}, nil
}

// endingWatch frees with the watch what limits its time.
type endingWatch struct {
	watch.Interface
	end context.CancelFunc
}

// Stop is called when nobody reads the watch any more.
func (w endingWatch) Stop() {
	w.Interface.Stop()
	w.end()
}

var errNoAnswer = errors.New("the API server closed the connection or did not answer in time")

// List and Watch are the older form of the same, which the Reflector's interface
// still demands and never calls.
func (s *source) List(o metav1.ListOptions) (runtime.Object, error) {
	return s.ListWithContext(context.Background(), o)
}

// Watch: see List.
func (s *source) Watch(o metav1.ListOptions) (watch.Interface, error) {
	return s.WatchWithContext(context.Background(), o)
}

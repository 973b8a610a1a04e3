package ownedsecrets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// How much of the API server's time is taken, whatever there is to do: a cluster
// whose Secrets all change at once is followed at this rate.
const (
	// WritesPerSecond and WriteBurst limit creations, updates and deletions together.
	WritesPerSecond = 10
	WriteBurst      = 20
	// ReadsPerSecond limits what is read with its content.
	ReadsPerSecond = 100
)

// timeout is for one request.
const timeout = 10 * time.Second

// Errors of a Writer; others come from the API server. No error has anything of a Secret's content in it.
var (
	// ErrTaken says that a Secret has the name that isn't the product's own.
	ErrTaken = errors.New("a Secret has this name that Registry Failover hasn't made: give it another name, or delete it")
	// ErrMeanwhile says that somebody else has written at the same time: try again.
	ErrMeanwhile = errors.New("somebody has written the Secret meanwhile")
)

// Writer writes own pull secrets. All its users share one limit. It may be used by several goroutines.
type Writer struct {
	client        corev1client.SecretsGetter
	reads, writes *rate.Limiter
	count         *prometheus.CounterVec
}

// New makes a Writer and registers its metric. The client needs no limit of its own.
func New(client corev1client.SecretsGetter, metrics prometheus.Registerer) *Writer {
	w := &Writer{
		client: client,
		reads:  rate.NewLimiter(ReadsPerSecond, ReadsPerSecond),
		writes: rate.NewLimiter(WritesPerSecond, WriteBurst),
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "registry_failover_pull_secret_writes_total",
			Help: "Writes of pull secrets to the API server, by verb (create, update or delete) and outcome (ok or failed).",
		}, []string{"verb", "outcome"}),
	}
	metrics.MustRegister(w.count)
	for _, verb := range []string{"create", "update", "delete"} {
		w.count.WithLabelValues(verb, "ok")
		w.count.WithLabelValues(verb, "failed")
	}
	return w
}

// Read reads any Secret with its content, at the Writer's rate.
func (w *Writer) Read(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	if err := w.reads.Wait(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s, err := w.client.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("could not read the Secret %s/%s: %w", namespace, name, err)
	}
	return s, nil
}

// Written is what became of a Put.
type Written struct {
	// Version is the resourceVersion with which the Secret is as it shall be.
	Version string
	// Changed says that it wasn't before.
	Changed bool
}

// Put has a Secret be as it shall be: it reads, compares, and writes what differs. A
// Secret whose type is another, or that was made immutable, is replaced.
func (w *Writer) Put(ctx context.Context, s Secret) (Written, error) {
	found, err := w.Read(ctx, s.Namespace, s.Name)
	switch {
	case apierrors.IsNotFound(err):
		return w.create(ctx, s)
	case err != nil:
		return Written{}, err
	case !s.owns(found):
		return Written{}, fmt.Errorf("the Secret %s: %w", s, ErrTaken)
	case s.stands(found):
		return Written{Version: found.ResourceVersion}, nil
	case !fits(found) || found.Immutable != nil && *found.Immutable:
		if err := w.Delete(ctx, s.Namespace, s.Name, found.UID, found.ResourceVersion); err != nil {
			return Written{}, err
		}
		return w.create(ctx, s)
	}
	return w.write(ctx, "update", s, func(ctx context.Context) (*corev1.Secret, error) {
		return w.client.Secrets(s.Namespace).Update(ctx, s.over(found), metav1.UpdateOptions{FieldManager: Manager})
	})
}

func (w *Writer) create(ctx context.Context, s Secret) (Written, error) {
	return w.write(ctx, "create", s, func(ctx context.Context) (*corev1.Secret, error) {
		return w.client.Secrets(s.Namespace).Create(ctx, s.object(), metav1.CreateOptions{FieldManager: Manager})
	})
}

func (w *Writer) write(ctx context.Context, verb string, s Secret, do func(context.Context) (*corev1.Secret, error)) (Written, error) {
	var written *corev1.Secret
	err := w.limited(ctx, verb, s.Namespace, s.Name, func(ctx context.Context) (err error) {
		written, err = do(ctx)
		return err
	})
	if err != nil {
		return Written{}, err
	}
	return Written{written.ResourceVersion, true}, nil
}

// Delete deletes a Secret that is still the one that was looked at: of this UID
// and this resourceVersion. One that is gone is in order.
func (w *Writer) Delete(ctx context.Context, namespace, name string, uid types.UID, version string) error {
	err := w.limited(ctx, "delete", namespace, name, func(ctx context.Context) error {
		return w.client.Secrets(namespace).Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid, ResourceVersion: &version}})
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func (w *Writer) limited(ctx context.Context, verb, namespace, name string, do func(context.Context) error) error {
	if err := w.writes.Wait(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := do(ctx)
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	w.count.WithLabelValues(verb, outcome).Inc()
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err), verb == "update" && apierrors.IsNotFound(err):
		return fmt.Errorf("the Secret %s/%s: %w", namespace, name, ErrMeanwhile)
	}
	return fmt.Errorf("could not %s the Secret %s/%s: %w", verb, namespace, name, err)
}

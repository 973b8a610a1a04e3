package proberscale

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	appsv1client "k8s.io/client-go/kubernetes/typed/apps/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Name is the Deployment's.
const Name = "registry-failover-prober"

const (
	// interval is between two looks at the nodes.
	interval = time.Minute
	// retry is after a look that failed.
	retry = 10 * time.Second
	// patience ends a look that hangs.
	patience = 30 * time.Second
	// page is how many Nodes are read at once; no more are read than are needed.
	page = 50
)

// Options are what a Scaler needs; all are required.
type Options struct {
	Nodes       corev1client.NodeInterface
	Deployments appsv1client.DeploymentInterface
	Log         *slog.Logger
}

// A Scaler looks at the nodes again and again. controller-runtime runs it while the
// replica leads.
type Scaler struct {
	Options
	wanted atomic.Int64
}

// New makes a Scaler.
func New(o Options) *Scaler {
	s := &Scaler{Options: o}
	s.wanted.Store(-1)
	return s
}

// Wanted is how many probers there should be; negative while that isn't known.
func (s *Scaler) Wanted() int { return int(s.wanted.Load()) }

// NeedLeaderElection is asked by controller-runtime.
func (s *Scaler) NeedLeaderElection() bool { return true }

// Start scales until ctx ends.
func (s *Scaler) Start(ctx context.Context) error {
	defer s.wanted.Store(-1)
	var p plan
	var said string
	for {
		wait := interval
		err := s.look(ctx, &p)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			wait = retry
			if err.Error() != said {
				s.Log.Warn("the number of probers stays as it is", "error", err)
			}
			said = err.Error()
		default:
			said = ""
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Duration(float64(wait) * (0.9 + 0.2*rand.Float64()))):
		}
	}
}

func (s *Scaler) look(ctx context.Context, p *plan) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	nodes, err := s.count(ctx)
	if err != nil {
		return fmt.Errorf("the nodes can't be counted: %w", err)
	}
	scale, err := s.Deployments.GetScale(ctx, Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("the scale of the Deployment %s can't be read: %w", Name, err)
	}
	if !p.known { // another leader may have had a reason for more
		*p = plan{known: true, wanted: min(int(scale.Spec.Replicas), Most)}
	}
	*p = p.next(nodes, time.Now())
	s.wanted.Store(int64(p.wanted))
	if int(scale.Spec.Replicas) == p.wanted {
		return nil
	}
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, p.wanted)
	if _, err := s.Deployments.Patch(ctx, Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "registry-failover-controller"}, "scale"); err != nil {
		return fmt.Errorf("the Deployment %s can't be scaled: %w", Name, err)
	}
	s.Log.Info("the number of probers is another", "before", scale.Spec.Replicas, "now", p.wanted)
	return nil
}

// count counts the nodes that suit a prober, up to Most.
func (s *Scaler) count(ctx context.Context) (int, error) {
	n, options := 0, metav1.ListOptions{Limit: page}
	for {
		list, err := s.Nodes.List(ctx, options)
		if err != nil {
			return 0, err
		}
		for i := range list.Items {
			if suits(&list.Items[i]) {
				n++
			}
		}
		if options.Continue = list.Continue; n >= Most || options.Continue == "" {
			return n, nil
		}
	}
}

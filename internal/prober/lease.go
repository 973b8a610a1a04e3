package prober

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coordinationv1ac "k8s.io/client-go/applyconfigurations/coordination/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
)

// A Lease is where a prober's report stands. It has the name of the prober's pod and
// belongs to it, so that Kubernetes deletes it when the pod is no more.
type Lease struct {
	// Client is of the pod's namespace.
	Client coordinationv1client.LeaseInterface
	// Namespace, Pod and UID name the pod, Node where it runs. Without a UID the Lease
	// belongs to nobody, and stays.
	Namespace, Pod, Node string
	UID                  types.UID
}

// Write makes the Lease say what the report says, and renews it, by server-side apply:
// one request, which needs the verbs create and patch and no other.
func (l Lease) Write(ctx context.Context, r healthreport.Report) error {
	_, err := l.Client.Apply(ctx, l.render(r, time.Now()), metav1.ApplyOptions{FieldManager: healthreport.FieldManager, Force: true})
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("report %s/%s can't be written: %w; a Role in namespace %s must allow create and patch on leases of coordination.k8s.io, "+
			"and a ValidatingAdmissionPolicy must let the pod write the Lease of its name", l.Namespace, l.Pod, err, l.Namespace)
	case err != nil:
		return fmt.Errorf("report %s/%s can't be written: %w", l.Namespace, l.Pod, err)
	}
	return nil
}

// render is the Lease as it is sent, golden file testdata/health/lease.json.
func (l Lease) render(r healthreport.Report, now time.Time) *coordinationv1ac.LeaseApplyConfiguration {
	lease := coordinationv1ac.Lease(l.Pod, l.Namespace).
		WithLabels(healthreport.Labels()).
		WithAnnotations(r.Annotations()).
		WithSpec(coordinationv1ac.LeaseSpec().
			WithHolderIdentity(l.Node).
			WithLeaseDurationSeconds(int32(healthreport.Fresh / time.Second)).
			WithRenewTime(metav1.NewMicroTime(now.UTC())))
	if l.UID != "" {
		lease.WithOwnerReferences(metav1ac.OwnerReference().WithAPIVersion("v1").WithKind("Pod").WithName(l.Pod).WithUID(l.UID))
	}
	return lease
}

package switching

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	authenticationv1client "k8s.io/client-go/kubernetes/typed/authentication/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/saferules"
)

// A Cluster is read and written with the caller's own rights.
type Cluster struct {
	// Namespace is the product's.
	Namespace string
	// WithoutNodes says that node.hosts is Off: then there are no nodes to count.
	WithoutNodes bool
	Clock        *Clock
	Core         corev1client.CoreV1Interface
	Leases       coordinationv1client.LeasesGetter
	Reviews      authenticationv1client.SelfSubjectReviewsGetter
}

// Switch reads the ConfigMap registry-failover.
func (c *Cluster) Switch(ctx context.Context) (*corev1.ConfigMap, error) {
	found, err := c.Core.ConfigMaps(c.Namespace).Get(ctx, inputs.SwitchName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("the switch isn't there: the controller makes it anew, with what was in force: %w", err)
	case err != nil:
		return nil, fmt.Errorf("the switch can't be read: %w", err)
	}
	return found, nil
}

// published reads an endpoint's value of what the controller publishes. Why it can't be
// read is one sentence.
func (c *Cluster) published(ctx context.Context, name, endpoint string) (text, unknown string) {
	found, err := c.Core.ConfigMaps(c.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", ""
	case apierrors.IsForbidden(err):
		return "", fmt.Sprintf("you may not read the ConfigMap %s: %v", name, err)
	case err != nil:
		return "", fmt.Sprintf("the ConfigMap %s can't be read: %v", name, err)
	}
	return found.Data[endpoint], ""
}

// Told reads what the controller tells of the endpoint.
func (c *Cluster) Told(ctx context.Context, endpoint string) saferules.Told {
	text, unknown := c.published(ctx, inputs.StatusName, endpoint)
	if unknown != "" {
		return saferules.Told{Unknown: unknown}
	}
	return saferules.ReadTold(text)
}

// Learnt reads the text of the endpoint's state. It is empty where there is none.
func (c *Cluster) Learnt(ctx context.Context, endpoint string) (text, unknown string) {
	return c.published(ctx, inputs.StateName, endpoint)
}

// A View is what nodes and probers say at one moment.
type View struct {
	Now    time.Time
	Switch *corev1.ConfigMap
	Nodes  []corev1.Node
	// Leases are the nodes' reports, Probers the probers'.
	Leases, Probers []coordinationv1.Lease
}

// reports chooses the Leases of both kinds.
const reports = nodereport.PartOf + "=registry-failover," + nodereport.Component + " in (resolver,prober)"

// Look reads the switch, the nodes, and their and the probers' reports.
func (c *Cluster) Look(ctx context.Context) (View, error) {
	var v View
	var err error
	if v.Switch, err = c.Switch(ctx); err != nil {
		return v, err
	}
	v.Now = c.Clock.Now()
	if c.WithoutNodes {
		return v, nil
	}
	err = each(ctx, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.Core.Nodes().List(ctx, o)
	}, func(n *corev1.Node) { v.Nodes = append(v.Nodes, *n) })
	if err != nil {
		return v, fmt.Errorf("the nodes can't be listed: %w", err)
	}
	err = each(ctx, metav1.ListOptions{LabelSelector: reports}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.Leases.Leases(c.Namespace).List(ctx, o)
	}, func(l *coordinationv1.Lease) {
		if l.Labels[healthreport.Component] == healthreport.Labels()[healthreport.Component] {
			v.Probers = append(v.Probers, *l)
		} else {
			v.Leases = append(v.Leases, *l)
		}
	})
	if err != nil {
		return v, fmt.Errorf("the nodes' reports can't be listed: %w", err)
	}
	return v, nil
}

// ProberReports are the Leases of the probers alone.
func (c *Cluster) ProberReports(ctx context.Context) (reports []coordinationv1.Lease, err error) {
	err = each(ctx, metav1.ListOptions{LabelSelector: labels.FormatLabels(healthreport.Labels())}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.Leases.Leases(c.Namespace).List(ctx, o)
	}, func(l *coordinationv1.Lease) { reports = append(reports, *l) })
	if err != nil {
		return nil, fmt.Errorf("the probers' reports can't be listed: %w", err)
	}
	return reports, nil
}

// Who asks the API server for the caller's name, and gives it as the switch takes it: on
// one line and without control characters, as a certificate may have any name. It is empty where
// that isn't told.
func (c *Cluster) Who(ctx context.Context) string {
	review, err := c.Reviews.SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(strings.Map(printable, strings.ToValidUTF8(review.Status.UserInfo.Username, "?"))), " ")
}

func printable(r rune) rune {
	if unicode.IsControl(r) && !unicode.IsSpace(r) {
		return '?'
	}
	return r
}

// each calls take with every object that list returns, page by page.
func each[T runtime.Object](ctx context.Context, options metav1.ListOptions, list func(context.Context, metav1.ListOptions) (runtime.Object, error), take func(T)) error {
	return pager.New(list).EachListItem(ctx, options, func(object runtime.Object) error {
		item, ok := object.(T)
		if !ok {
			return errors.New("a list holds something else")
		}
		take(item)
		return nil
	})
}

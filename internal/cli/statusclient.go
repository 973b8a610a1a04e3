package cli

import (
	"context"
	"fmt"
	"maps"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/internal/rollout"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// switchConfigMap is what people throw.
const switchConfigMap = "registry-failover"

// statusClient reads what status tells of.
type statusClient struct {
	namespace string
	core      corev1client.CoreV1Interface
	leases    coordinationv1client.LeasesGetter
	config    *config.Config // as it was read
	// podsEvery is how long a list of pods does; each is a new one without it.
	podsEvery time.Duration
	podsAt    time.Time
	lastPods  []corev1.Pod
	// told is what the controller has told; nil where that can't be read.
	told map[string]string
}

func newStatusClient(flags *genericclioptions.ConfigFlags) (*statusClient, error) {
	c, core, err := connect(flags)
	if err != nil {
		return nil, err
	}
	leases, err := coordinationv1client.NewForConfig(c)
	return &statusClient{namespace: *flags.Namespace, core: core, leases: leases}, err
}

// read gets what doesn't change while somebody waits.
func (c *statusClient) read(ctx context.Context) (rollout.Input, error) {
	cfg, err := readClusterConfig(ctx, c.core, c.namespace)
	if err != nil {
		return rollout.Input{}, fmt.Errorf("the product's namespace is named with --namespace: %w", err)
	}
	c.config = cfg
	return rollout.Input{Endpoints: cfg.Zones()}, nil
}

// readSwitch gets the switch, and who has written it.
func (c *statusClient) readSwitch(ctx context.Context, in *rollout.Input) error {
	found, err := c.core.ConfigMaps(c.namespace).Get(ctx, switchConfigMap, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err): // then no endpoint has a value, which is told
		in.Switch, in.Managers = nil, nil
	case err != nil:
		return fmt.Errorf("the switch can't be read: %w", err)
	default:
		in.Switch, in.Managers = found.Data, found.ManagedFields
	}
	in.Now = time.Now()
	return nil
}

// readNodes gets the nodes and their reports.
func (c *statusClient) readNodes(ctx context.Context, in *rollout.Input) error {
	in.Now, in.Nodes, in.Leases = time.Now(), nil, nil
	if c.config.Node.Hosts == config.HostsOff {
		return nil
	}
	err := each(ctx, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.core.Nodes().List(ctx, o)
	}, func(n *corev1.Node) { in.Nodes = append(in.Nodes, *n) })
	if err != nil {
		return fmt.Errorf("the nodes can't be listed: %w", err)
	}
	err = each(ctx, metav1.ListOptions{LabelSelector: nodereport.Selector}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.leases.Leases(c.namespace).List(ctx, o)
	}, func(l *coordinationv1.Lease) { in.Leases = append(in.Leases, *l) })
	if err != nil {
		return fmt.Errorf("the nodes' reports can't be listed: %w", err)
	}
	return nil
}

// pods lists those on the host network; nil where they can't be listed, which is no
// reason to tell nothing else.
func (c *statusClient) pods(ctx context.Context, tell func(string)) []corev1.Pod {
	pods := []corev1.Pod{}
	if c.config.Node.Hosts == config.HostsOff {
		return pods
	}
	if time.Since(c.podsAt) < c.podsEvery {
		return c.lastPods
	}
	options := metav1.ListOptions{FieldSelector: "spec.hostNetwork=true"}
	err := each(ctx, options, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return c.core.Pods(metav1.NamespaceAll).List(ctx, o)
	}, func(p *corev1.Pod) { pods = append(pods, *p) })
	switch {
	case apierrors.IsForbidden(err):
		tell(fmt.Sprintf("you may not list pods, so that it isn't known which keep a copy of an earlier hosts file: %v", err))
		return nil
	case err != nil:
		tell(fmt.Sprintf("the pods on the host network can't be listed, so that it isn't known which keep a copy of an earlier hosts file: %v", err))
		return nil
	}
	c.podsAt, c.lastPods = time.Now(), pods
	return pods
}

// published gives what the controller tells of PrivateZone and of the instances' health, and keeps all of it;
// nil where that can't be read, which is no reason to tell nothing else.
func (c *statusClient) published(ctx context.Context, tell func(string)) ([]cloudStatus, []healthStatus) {
	c.told = nil
	found, err := c.core.ConfigMaps(c.namespace).Get(ctx, inputs.StatusName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err): // which is told of each endpoint
		found = &corev1.ConfigMap{}
	case apierrors.IsForbidden(err):
		tell(fmt.Sprintf("you may not read the ConfigMap %s, so that it isn't known what the controller tells: %v", inputs.StatusName, err))
	case err != nil:
		tell(fmt.Sprintf("what the controller tells can't be read: %v", err))
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, nil
	}
	c.told = map[string]string{}
	maps.Copy(c.told, found.Data)
	now := time.Now()
	return judgeCloud(c.config, found.Data, now), judgeHealth(c.config, found.Data, now)
}

// readiness gives what published has read of the images; nil where that wasn't possible.
func (c *statusClient) readiness(now time.Time) []readinessStatus {
	if c.told == nil {
		return nil
	}
	return judgeReadiness(c.config, c.told, now)
}

// each calls take with every object that list returns, page by page.
func each[T runtime.Object](ctx context.Context, options metav1.ListOptions, list func(context.Context, metav1.ListOptions) (runtime.Object, error), take func(T)) error {
	return pager.New(list).EachListItem(ctx, options, func(object runtime.Object) error {
		item, ok := object.(T)
		if !ok {
			return fmt.Errorf("a list holds a %T", object)
		}
		take(item)
		return nil
	})
}

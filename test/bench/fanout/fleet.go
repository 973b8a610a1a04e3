package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/test/cluster"
)

const (
	namespace = "registry-failover"
	account   = "registry-failover-resolver"
	// atOnce is how many requests set the fleet up at a time.
	atOnce = 32
)

// fleet is the nodes, and the cluster that they belong to.
type fleet struct {
	*cluster.Cluster
	nodes    []node
	arrivals arrivals
	thrown   int
}

// node is what a resolver knows of itself.
type node struct {
	name  string
	token string
}

// config is the node's own, as a pod's service account gives it. No other node shares its connections.
func (f *fleet) config(node int) *rest.Config {
	return &rest.Config{
		Host: f.Config.Host, BearerToken: f.nodes[node].token,
		TLSClientConfig: rest.TLSClientConfig{CAData: f.Config.CAData},
	}
}

// enlist installs the chart, of which nothing runs here, and makes nodes, each
// with a pod of the resolver's account and the token that kubelet would give it.
func enlist(ctx context.Context, c *cluster.Cluster, count int) (*fleet, error) {
	begin := time.Now()
	chart := filepath.Join(c.Root, "charts", "registry-failover")
	// No pod runs here, so no hook either.
	if _, err := c.Helm(ctx, 4, "install", "registry-failover", chart, "--namespace", namespace, "--create-namespace",
		"--values", filepath.Join(chart, "examples", "two-regions.yaml"),
		"--set", "image.registry="+cluster.ProductRegistry, "--set", "image.tag="+cluster.ProductTag,
		"--set", "precheck.enabled=false"); err != nil {
		return nil, err
	}
	f := &fleet{Cluster: c, nodes: make([]node, count), arrivals: arrivals{at: make([]time.Time, count)}}
	for name, value := range map[string]string{
		inputs.SwitchName: f.next(),
		inputs.StateName:  `{"version":1,"lastSwitch":"hangzhou","zones":{"vpc-aaaaa":{"addresses":["10.1.0.10"]},"vpc-bbbbb":{"addresses":["10.2.0.10"]}}}`,
	} {
		object := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/part-of": "registry-failover"}},
			Data:       map[string]string{cluster.Endpoint: value},
		}
		if _, err := c.Client.CoreV1().ConfigMaps(namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return nil, err
		}
	}
	making, inGroup := errgroup.WithContext(ctx)
	making.SetLimit(atOnce)
	for i := range f.nodes {
		making.Go(func() (err error) {
			f.nodes[i], err = f.join(inGroup, fmt.Sprintf("node-%04d", i))
			return err
		})
	}
	err := making.Wait()
	fmt.Printf("%d nodes, pods and tokens after %.0f s\n", count, time.Since(begin).Seconds())
	return f, err
}

// join makes a node with its pod and its token, which names both.
func (f *fleet) join(ctx context.Context, name string) (node, error) {
	core := f.Client.CoreV1()
	if _, err := core.Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		return node{}, err
	}
	pod, err := core.Pods(namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "resolver-" + name},
		Spec: corev1.PodSpec{
			NodeName: name, ServiceAccountName: account,
			Containers: []corev1.Container{{Name: "resolver", Image: "localhost/resolver:1"}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return node{}, err
	}
	token, err := core.ServiceAccounts(namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{
			Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID,
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return node{}, err
	}
	return node{name: name, token: token.Status.Token}, nil
}

// next is a value of the switch that none was before.
func (f *fleet) next() string {
	f.thrown++
	return valueOf(strconv.Itoa(f.thrown))
}

// valueOf is a value of the switch.
func valueOf(number string) string { return "to: hangzhou\nreason: " + counted + number }

// counted begins the part of the switch by which values are told apart.
const counted = "measurement "

// throw patches the switch and returns when the API server has taken it.
func (f *fleet) throw(ctx context.Context, value string) error {
	patch := fmt.Appendf(nil, `{"data":{%q:%q}}`, cluster.Endpoint, value)
	_, err := f.Client.CoreV1().ConfigMaps(namespace).Patch(ctx, inputs.SwitchName, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// throwWhenItCan patches again and again until the API server has taken it.
func (f *fleet) throwWhenItCan(ctx context.Context, value string) error {
	for began := time.Now(); ; {
		err := f.throw(ctx, value)
		if err == nil || ctx.Err() != nil || time.Since(began) > patience {
			return errors.Join(err, ctx.Err())
		}
		_ = pause(ctx, 10*time.Millisecond)
	}
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Node is kubelet, containerd and kube-proxy, and the files that they read.
// The first node lives in the sandbox's own namespaces, so its /etc is ours;
// the others have some of their own.
type Node struct {
	Name                       string
	IP                         string
	Containerd, Kubelet, Proxy *Process

	number int
	apart  *namespaces // nil for the first
}

// newNode has the name and the addresses of the node with this number, from 1.
func newNode(number int) *Node {
	n := &Node{Name: fmt.Sprintf("node%d", number), number: number}
	n.IP = n.address(1)
	return n
}

// path is where the node writes what is its own.
func (n *Node) path(elements ...string) string {
	return path(append([]string{n.Name}, elements...)...)
}

// Etc is the path of a file of the node's /etc, as seen from the first node.
func (n *Node) Etc(elements ...string) string {
	return n.path(append([]string{"etc"}, elements...)...)
}

// nodeProcess is a program that runs on the node.
func (c *Cluster) nodeProcess(n *Node, name, program string, args ...string) *Process {
	command := n.command(program, args...)
	return c.process(name+"-"+n.Name, command[0], command[1:]...)
}

// startKubelet returns before the node is Ready. Arguments are added to kubelet's own.
func (c *Cluster) startKubelet(n *Node, args ...string) error {
	if err := os.WriteFile(n.path("kubelet.yaml"), []byte(fmt.Sprintf(kubeletConfiguration, n.path())), 0o644); err != nil {
		return err
	}
	for file, user := range map[string][]string{
		"kubelet.conf": {"system:node:" + n.Name, "system:nodes"}, "kube-proxy.conf": {"admin", "system:masters"},
	} {
		if err := c.writeKubeconfig(n.path(file), "https://"+net.JoinHostPort(node1, "6443"), user[0], user[1:]...); err != nil {
			return err
		}
	}
	n.Kubelet = c.nodeProcess(n, "kubelet", c.Tool("kubernetes", "kubelet"), append([]string{
		"--config", n.path("kubelet.yaml"), "--kubeconfig", n.path("kubelet.conf"),
		"--hostname-override", n.Name, "--node-ip", n.IP, "--root-dir", n.path("kubelet"),
	}, args...)...)
	n.Proxy = c.nodeProcess(n, "kube-proxy", c.Tool("kubernetes", "kube-proxy"),
		"--kubeconfig", n.path("kube-proxy.conf"), "--proxy-mode", "iptables", "--hostname-override", n.Name,
		"--cluster-cidr", podCIDR, "--conntrack-max-per-core", "0")
	if err := n.Kubelet.Start(); err != nil {
		return err
	}
	return n.Proxy.Start()
}

// RestartKubelet starts it after it was killed, and returns when it works. It ends
// where it finds no containerd.
func (n *Node) RestartKubelet(ctx context.Context) error {
	if err := n.Kubelet.Start(); err != nil {
		return err
	}
	return n.Kubelet.await(ctx, time.Minute, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:10248/healthz", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return errors.New("kubelet is " + response.Status)
		}
		return nil
	})
}

// AwaitReady returns when the node is Ready and has its Lease: nothing of the
// cluster's own is created any more.
func (c *Cluster) AwaitReady(ctx context.Context, n *Node) error {
	return n.Kubelet.await(ctx, 2*time.Minute, func(ctx context.Context) error {
		node, err := c.Client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				return c.giveLease(ctx, node)
			}
		}
		return errors.New("the node isn't Ready")
	})
}

// giveLease makes the node's Lease, which kubelet renews from then on. It would make it
// itself 10 s after it has found, as it does at first, that there is no Node yet.
func (c *Cluster) giveLease(ctx context.Context, node *corev1.Node) error {
	now := metav1.NowMicro()
	_, err := c.Client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Create(ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name:            node.Name,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &node.Name, LeaseDurationSeconds: new(int32(40)), RenewTime: &now},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// kubeletConfiguration, of a node by its directory, is for machines without cgroup v2 as well, and for
// containers that may not raise their OOM scores. A container that a test kills again and again is started again at once.
const kubeletConfiguration = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: ` + dir + `/ca.crt}}
containerRuntimeEndpoint: unix://%[1]s/containerd.sock
clusterDNS: [` + clusterDNS + `]
clusterDomain: cluster.local
cgroupDriver: cgroupfs
podLogsDir: %[1]s/pods
volumePluginDir: %[1]s/volume-plugins
failCgroupV1: false
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 1Mi}
crashLoopBackOff: {maxContainerRestartPeriod: 2s}
`

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/sandbox"
)

// A Node is kubelet, containerd and kube-proxy, and the files that they read.
// The first node lives in the sandbox's own namespaces, so its /etc is ours.
type Node struct {
	Name                       string
	IP                         string
	Containerd, Kubelet, Proxy *Process
}

// resolvConf is what ACK writes on its nodes.
const resolvConf = `nameserver ` + vpcDNS1 + `
nameserver ` + vpcDNS2 + `
options timeout:2 attempts:3 rotate single-request-reopen
`

// HostsFile is what a node's hosts file holds before anything is installed.
const HostsFile = "127.0.0.1 localhost\n"

// mountEtc gives the sandbox an /etc of its own, with a node's files, and
// programs there trust the registries.
func (c *Cluster) mountEtc(ctx context.Context) error {
	etc := path("node1", "etc")
	if err := os.MkdirAll(path("node1"), 0o755); err != nil {
		return err
	}
	if output, err := exec.CommandContext(ctx, "cp", "-a", "/etc", etc).CombinedOutput(); err != nil {
		return fmt.Errorf("could not copy /etc: %w: %s", err, output)
	}
	if err := sandbox.Bind(etc, "/etc"); err != nil {
		return err
	}
	for file, content := range map[string]string{
		"/etc/hosts": HostsFile, "/etc/resolv.conf": resolvConf, "/etc/hostname": "node1\n",
		"/etc/nsswitch.conf": "hosts: files dns\n",
	} {
		if err := replace(file, []byte(content)); err != nil {
			return err
		}
	}
	const bundle = "/etc/ssl/certs/ca-certificates.crt"
	if err := os.MkdirAll("/etc/ssl/certs", 0o755); err != nil {
		return err
	}
	trusted, err := os.ReadFile(bundle)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return replace(bundle, append(trusted, c.Authority.PEM()...))
}

// replace writes a file in place of what may be a link to somewhere outside.
func replace(file string, content []byte) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

// maskVar gives kubelet, containerd and CNI directories of their own, where no
// option of theirs does.
func (c *Cluster) maskVar(context.Context) error {
	if err := sandbox.Mask("/var/lib", "cni", "kubelet"); err != nil {
		return err
	}
	return sandbox.Mask("/var/log", "containers")
}

// startNode returns when the containers of the node can be started; it is
// Ready some seconds later.
func (c *Cluster) startNode(ctx context.Context, n *Node) error {
	c.Nodes = append(c.Nodes, n)
	if err := c.startContainerd(ctx, n); err != nil {
		return err
	}
	if err := os.WriteFile(path("kubelet.yaml"), []byte(kubeletConfiguration), 0o644); err != nil {
		return err
	}
	if err := c.writeKubeconfig(path("kubelet.conf"), server, "system:node:"+n.Name, "system:nodes"); err != nil {
		return err
	}
	n.Kubelet = c.process("kubelet", c.Tool("kubernetes", "kubelet"),
		"--config", path("kubelet.yaml"), "--kubeconfig", path("kubelet.conf"),
		"--hostname-override", n.Name, "--node-ip", n.IP, "--root-dir", path("kubelet"))
	n.Proxy = c.process("kube-proxy", c.Tool("kubernetes", "kube-proxy"),
		"--kubeconfig", c.Kubeconfig(), "--proxy-mode", "iptables", "--hostname-override", n.Name,
		"--cluster-cidr", podCIDR, "--conntrack-max-per-core", "0")
	if err := n.Kubelet.Start(); err != nil {
		return err
	}
	return n.Proxy.Start()
}

// awaitNode returns when the node is Ready.
func (c *Cluster) awaitNode(ctx context.Context, n *Node) error {
	return n.Kubelet.await(ctx, 2*time.Minute, func(ctx context.Context) error {
		node, err := c.Client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return errors.New("the node isn't Ready")
	})
}

// kubeletConfiguration is for machines without cgroup v2 as well, and for
// containers that may not raise their OOM scores.
const kubeletConfiguration = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: ` + dir + `/ca.crt}}
containerRuntimeEndpoint: unix://` + dir + `/containerd.sock
clusterDNS: [` + clusterDNS + `]
clusterDomain: cluster.local
cgroupDriver: cgroupfs
podLogsDir: ` + dir + `/pods
volumePluginDir: ` + dir + `/volume-plugins
failCgroupV1: false
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 1Mi}
`

func (c *Cluster) startContainerd(ctx context.Context, n *Node) error {
	if err := os.MkdirAll(path("cni.d"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path("cni.d", "10-pods.conflist"), []byte(podNetwork), 0o644); err != nil {
		return err
	}
	configuration := fmt.Sprintf(containerdConfiguration, c.Tool("runc", "runc"))
	if err := os.WriteFile(path("containerd.toml"), []byte(configuration), 0o644); err != nil {
		return err
	}
	n.Containerd = c.process("containerd", c.Tool("containerd", "containerd"), "--config", path("containerd.toml"))
	if err := n.Containerd.Start(); err != nil {
		return err
	}
	return n.Containerd.await(ctx, time.Minute, func(ctx context.Context) error {
		connection, err := new(net.Dialer).DialContext(ctx, "unix", path("containerd.sock"))
		if err != nil {
			return err
		}
		return connection.Close()
	})
}

const containerdConfiguration = `version = 3
root = "` + dir + `/containerd"
state = "` + dir + `/containerd-state"
[grpc]
  address = "` + dir + `/containerd.sock"
[plugins.'io.containerd.internal.v1.opt']
  path = "` + dir + `/opt"
[plugins.'io.containerd.cri.v1.images']
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "` + pauseImage + `"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "` + dir + `/cni.d"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "%s"
`

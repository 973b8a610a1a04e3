package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"
)

// socket is where the node's containerd listens.
func (n *Node) socket() string { return n.path("containerd.sock") }

// startContainerd returns when containers can be started.
func (c *Cluster) startContainerd(ctx context.Context, n *Node) error {
	if err := os.MkdirAll(n.path("cni.d"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(n.path("cni.d", "10-pods.conflist"), []byte(n.podNetwork()), 0o644); err != nil {
		return err
	}
	configuration := fmt.Sprintf(containerdConfiguration, n.path(), c.Tool("runc", "runc"))
	if err := os.WriteFile(n.path("containerd.toml"), []byte(configuration), 0o644); err != nil {
		return err
	}
	n.Containerd = c.nodeProcess(n, "containerd", c.Tool("containerd", "containerd"), "--config", n.path("containerd.toml"))
	return n.StartContainerd(ctx)
}

// StartContainerd starts it, also after it was killed, and returns when it can be asked.
func (n *Node) StartContainerd(ctx context.Context) error {
	if err := n.Containerd.Start(); err != nil {
		return err
	}
	return n.Containerd.await(ctx, time.Minute, func(ctx context.Context) error {
		connection, err := new(net.Dialer).DialContext(ctx, "unix", n.socket())
		if err != nil {
			return err
		}
		return connection.Close()
	})
}

// containerdConfiguration is of a node by its directory. NRI is off, as its socket has one
// path for all nodes of the machine.
const containerdConfiguration = `version = 3
root = "%[1]s/containerd"
state = "%[1]s/containerd-state"
[grpc]
  address = "%[1]s/containerd.sock"
[plugins.'io.containerd.internal.v1.opt']
  path = "%[1]s/opt"
[plugins.'io.containerd.nri.v1.nri']
  disable = true
[plugins.'io.containerd.cri.v1.images']
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "` + pauseImage + `"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "%[1]s/cni.d"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "%[2]s"
`

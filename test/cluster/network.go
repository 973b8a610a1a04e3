package cluster

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
)

// The addresses of the manual procedure's example, and of ACK. They exist in
// the sandbox only, where no route leads out.
const (
	vpcDNS1     = "100.100.2.136"
	vpcDNS2     = "100.100.2.138"
	node1       = "10.244.0.1"
	podCIDR     = "10.244.0.0/16"
	serviceCIDR = "10.96.0.0/16"
	apiService  = "10.96.0.1"
	clusterDNS  = "10.96.0.10"
)

// address is one of those that belong to the node: itself has the first, its
// pods those from the tenth.
func (n *Node) address(host int) string { return fmt.Sprintf("10.244.%d.%d", n.number-1, host) }

// podRange is the network of all of them.
func (n *Node) podRange() string { return n.address(0) + "/24" }

// outside are the addresses of everything that isn't in the cluster.
var outside = []netip.Addr{
	netip.MustParseAddr(vpcDNS1), netip.MustParseAddr(vpcDNS2),
	hangzhouInternal, hangzhouPublic, zhangjiakouInternal, zhangjiakouPublic,
}

// setUpNetwork brings up the loopback device with the addresses of everything
// outside the cluster, and the bridge that pods are attached to. The default
// route leads to that bridge, which leads nowhere.
func (c *Cluster) setUpNetwork(ctx context.Context) error {
	commands := [][]string{{"link", "set", "lo", "up"}}
	for _, addr := range outside {
		commands = append(commands, []string{"address", "add", netip.PrefixFrom(addr, addr.BitLen()).String(), "dev", "lo"})
	}
	commands = append(commands,
		[]string{"link", "add", "cbr0", "type", "bridge"},
		[]string{"address", "add", node1 + "/24", "dev", "cbr0"},
		[]string{"link", "set", "cbr0", "up"},
		[]string{"route", "add", "default", "dev", "cbr0"},
	)
	if err := ip(ctx, commands); err != nil {
		return err
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return err
	}
	// Without it, a pod that reaches another through a Service on the same
	// bridge gets answers from an address that it didn't ask. Not every kernel has it.
	_ = os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("1"), 0)
	return nil
}

// ip runs ip, once for each line of arguments.
func ip(ctx context.Context, commands [][]string) error {
	for _, args := range commands {
		if output, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %w: %s", args, err, output)
		}
	}
	return nil
}

// podNetwork is the node's CNI configuration.
func (n *Node) podNetwork() string {
	return `{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "cbr0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "` + n.path("cni") + `",
        "ranges": [[{"subnet": "` + n.podRange() + `", "rangeStart": "` + n.address(10) + `"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`
}

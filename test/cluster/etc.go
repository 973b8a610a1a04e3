package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/registry-failover/registry-failover/test/sandbox"
)

// resolvConf is what ACK writes on its nodes.
const resolvConf = `nameserver ` + vpcDNS1 + `
nameserver ` + vpcDNS2 + `
options timeout:2 attempts:3 rotate single-request-reopen
`

// HostsFile is what a node's hosts file holds before anything is installed.
const HostsFile = "127.0.0.1 localhost\n"

// mountEtc gives the sandbox an /etc of its own, the first node's.
func (c *Cluster) mountEtc(ctx context.Context, n *Node) error {
	if err := c.writeEtc(ctx, n); err != nil {
		return err
	}
	return sandbox.Bind(n.Etc(), "/etc")
}

// writeEtc makes the /etc of a node from this one's, in which programs trust
// the registries.
func (c *Cluster) writeEtc(ctx context.Context, n *Node) error {
	if err := os.MkdirAll(n.path(), 0o755); err != nil {
		return err
	}
	if output, err := exec.CommandContext(ctx, "cp", "-a", "/etc", n.Etc()).CombinedOutput(); err != nil {
		return fmt.Errorf("could not copy /etc: %w: %s", err, output)
	}
	for file, content := range map[string]string{
		"hosts": HostsFile, "resolv.conf": resolvConf, "hostname": n.Name + "\n",
		"nsswitch.conf": "hosts: files dns\n",
	} {
		if err := replace(n.Etc(file), []byte(content)); err != nil {
			return err
		}
	}
	bundle := n.Etc("ssl", "certs", "ca-certificates.crt")
	if err := os.MkdirAll(filepath.Dir(bundle), 0o755); err != nil {
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

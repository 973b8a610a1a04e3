package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are built by tools/build, each with the time that it takes on two cores.
var tools = []struct{ name, time string }{
	{"kubernetes", "15 minutes"},
	{"etcd", "1 minute"},
	{"containerd", "3 minutes"},
	{"runc", "1 minute"},
	{"coredns", "5 minutes"},
	{"helm4", "3 minutes"},
	{"helm3", "3 minutes"},
}

// packages are Debian's, each with a file that shows that it is there.
var packages = map[string]string{
	"iptables":                    "/usr/sbin/iptables",
	"conntrack":                   "/usr/sbin/conntrack",
	"iproute2":                    "/usr/sbin/ip",
	"kmod":                        "/usr/sbin/modprobe",
	"containernetworking-plugins": "/usr/lib/cni/bridge",
}

// toolsVariable holds the directory of each tool, separated as in PATH.
const toolsVariable = "REGISTRY_FAILOVER_TOOLS"

// prepare builds what a cluster consists of, unless it is in the cache, and
// returns the directories of the programs.
func prepare(ctx context.Context, root string) ([]string, error) {
	var missing []string
	for name, file := range packages {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		fmt.Println("installing", strings.Join(missing, ", "))
		if _, err := run(ctx, nil, filepath.Join(root, "tools", "apt-install"), missing...); err != nil {
			return nil, err
		}
	}
	// Inside there is no way to the modules that the programs need.
	if _, err := run(ctx, nil, "go", "-C", root, "list", "-deps", "./cmd/...", "./test/cluster/..."); err != nil {
		return nil, err
	}
	var dirs []string
	for _, tool := range tools {
		dir, err := run(ctx, []string{"TOOL_BUILD_TIME=about " + tool.time + " on 2 cores"}, filepath.Join(root, "tools", "build"), tool.name)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// run returns what a program prints; what it says on stderr is shown.
func run(ctx context.Context, env []string, program string, args ...string) (string, error) {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(os.Environ(), env...)
	command.Stdout, command.Stderr = &output, os.Stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w", filepath.Base(program), strings.Join(args, " "), err)
	}
	return strings.TrimSpace(output.String()), nil
}

// Tool is the path of one of the cluster's programs.
func (c *Cluster) Tool(set, program string) string {
	for _, dir := range filepath.SplitList(os.Getenv(toolsVariable)) {
		if strings.HasPrefix(filepath.Base(dir), set+"-") {
			return filepath.Join(dir, program)
		}
	}
	return program
}

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

// toolsVariable holds the directories that tools/cluster prints, separated as in PATH.
const toolsVariable = "REGISTRY_FAILOVER_TOOLS"

// prepare does outside what needs the network, or is done once for all
// clusters, and returns the variable that Tool goes by.
func prepare(ctx context.Context, root string) (string, error) {
	dirs, err := run(ctx, nil, filepath.Join(root, "tools", "cluster"))
	if err != nil {
		return "", err
	}
	// Inside there is no way to the modules that the programs need.
	if _, err := run(ctx, nil, "go", "-C", root, "list", "-deps", "./cmd/...", "./test/cluster/..."); err != nil {
		return "", err
	}
	return toolsVariable + "=" + strings.ReplaceAll(dirs, "\n", string(filepath.ListSeparator)), nil
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

// Tool is the path of a program of a set that tools/NAME pins.
func (c *Cluster) Tool(set, program string) string {
	for _, dir := range filepath.SplitList(os.Getenv(toolsVariable)) {
		if strings.HasPrefix(filepath.Base(dir), set+"-") {
			return filepath.Join(dir, program)
		}
	}
	panic("tools/cluster doesn't build " + set)
}

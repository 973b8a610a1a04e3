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

// Kubectl runs kubectl as an administrator and returns what it printed.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	return c.kubectl(ctx, "", args...)
}

// Apply applies a manifest as an administrator.
func (c *Cluster) Apply(ctx context.Context, manifest string) (string, error) {
	return c.kubectl(ctx, manifest, "apply", "-f", "-")
}

func (c *Cluster) kubectl(ctx context.Context, input string, args ...string) (string, error) {
	return c.command(ctx, input, c.Tool("kubernetes", "kubectl"), args...)
}

// Helm runs a version of helm, 3 or 4, as an administrator.
func (c *Cluster) Helm(ctx context.Context, version int, args ...string) (string, error) {
	return c.command(ctx, "", c.Tool(fmt.Sprintf("helm%d", version), "helm"), args...)
}

// command returns what a program printed, on failure with its errors.
func (c *Cluster) command(ctx context.Context, input, program string, args ...string) (string, error) {
	var output, failure bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig(), "HOME="+path("home"),
		"PATH="+path("bin")+":"+os.Getenv("PATH")) // where kubectl finds our plugin
	command.Stdin = strings.NewReader(input)
	command.Stdout, command.Stderr = &output, &failure
	if err := command.Run(); err != nil {
		return output.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(failure.String()))
	}
	return output.String(), nil
}

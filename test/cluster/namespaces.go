package cluster

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
)

// namespaces are a node's own: network, mounts, processes and host name. They
// end with their first process, and everything in them does too.
type namespaces struct{ first *exec.Cmd }

// makeNamespaces starts from copies of ours.
func makeNamespaces() (*namespaces, error) {
	first := exec.Command(path("bin", "pause")) //nolint:noctx // it ends with end, or with the sandbox
	first.SysProcAttr = apart()
	if err := first.Start(); err != nil {
		return nil, fmt.Errorf("could not make a node's namespaces: %w", err)
	}
	return &namespaces{first}, nil
}

// pid is of the process by which the namespaces are found.
func (s *namespaces) pid() string { return strconv.Itoa(s.first.Process.Pid) }

// end returns when no process is left in there.
func (s *namespaces) end() {
	_ = s.first.Process.Kill()
	_ = s.first.Wait()
}

// command is how a program is run on the node. The way into other namespaces
// for processes is by a child, which has to end when its parent is killed.
func (n *Node) command(program string, args ...string) []string {
	command := append([]string{program}, args...)
	if n.apart == nil {
		return command
	}
	return append([]string{
		"nsenter", "--target", n.apart.pid(), "--net", "--mount", "--pid", "--uts", "--",
		"setpriv", "--pdeathsig", "KILL", "--",
	}, command...)
}

// run runs programs on the node, once for each line of arguments.
func (n *Node) run(ctx context.Context, commands [][]string) error {
	for _, args := range commands {
		if err := n.Run(ctx, args[0], args[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// Run runs a program on the node, as iptables for what is to be lost there alone.
// What passes through the first node is everybody's: all others reach
// through it whatever isn't theirs.
func (n *Node) Run(ctx context.Context, program string, args ...string) error {
	inside := n.command(program, args...)
	if output, err := exec.CommandContext(ctx, inside[0], inside[1:]...).CombinedOutput(); err != nil { //nolint:gosec // our own
		return fmt.Errorf("%s: %s %v: %w: %s", n.Name, program, args, err, output)
	}
	return nil
}

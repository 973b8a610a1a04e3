package cluster

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/registry-failover/registry-failover/test/sandbox"
)

// Options of a cluster.
type Options struct {
	// Detach leaves it running after use has returned, until sandbox.Stop(dir).
	Detach bool
	// Listener is a socket outside, where the API server is to be reached too.
	Listener *os.File
	// WithoutNode starts etcd and the API server alone: objects can be made, but
	// nothing controls, schedules or runs them.
	WithoutNode bool
	// Nodes is how many there are at first; with 0 there is one.
	Nodes int
}

// Main builds what is missing, starts a cluster in a sandbox and calls use
// inside, with a context that a signal ends. It returns the exit code for the
// process. Detached, it returns when use has, and the cluster stays.
func Main(o Options, use func(context.Context, *Cluster) int) int {
	code, err := enter(o, use)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func enter(o Options, use func(context.Context, *Cluster) int) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	repository, err := root()
	if err != nil {
		return 0, err
	}
	options := sandbox.Options{Detach: o.Detach, Listener: o.Listener}
	if sandbox.Outside() {
		if err := sandbox.Supported(); err != nil {
			return 0, err
		}
		tools, err := prepare(ctx, repository)
		if err != nil {
			return 0, err
		}
		options.Env = []string{tools}
	}
	return sandbox.Run(ctx, options, func(box sandbox.Box) int {
		if !o.Detach {
			// Tests don't look at ctx, and nothing has to be put in order. The end
			// of this function is no interruption.
			defer context.AfterFunc(ctx, func() { os.Exit(interrupted) })()
		}
		c := &Cluster{Root: repository, Dir: box.Dir, Logs: filepath.Join(box.Dir, "logs"), box: box}
		start := func(ctx context.Context) error { return c.start(ctx, max(1, o.Nodes)) }
		if o.WithoutNode {
			start = c.startWithoutNode
		}
		if err := start(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "cluster:", err)
			fmt.Fprintln(os.Stderr, "cluster: its logs are in", c.Logs)
			return 1
		}
		code := use(ctx, c)
		if code != 0 {
			fmt.Fprintln(os.Stderr, "cluster: its logs are in", c.Logs)
			return code
		}
		if !o.Detach {
			return 0
		}
		if err := box.Ready(); err != nil {
			fmt.Fprintln(os.Stderr, "cluster:", err)
			return 1
		}
		<-ctx.Done()
		return 0
	})
}

// interrupted is the exit code by which a shell knows Ctrl-C.
const interrupted = 130

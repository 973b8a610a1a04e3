package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A Process is one of the cluster's own programs. It can be stopped and
// started again.
type Process struct {
	name, log string
	command   []string
	running   *exec.Cmd
	ended     chan struct{}
}

func (c *Cluster) process(name, program string, args ...string) *Process {
	return &Process{name: name, log: filepath.Join(c.Logs, name+".log"), command: append([]string{program}, args...)}
}

// Start runs the program in the background; its log is appended to.
func (p *Process) Start() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	// It ends with Stop or with the sandbox.
	p.running = exec.Command(p.command[0], p.command[1:]...) //nolint:noctx,gosec // see above
	p.running.Stdout, p.running.Stderr = log, log
	if err := p.running.Start(); err != nil {
		return fmt.Errorf("could not start %s: %w", p.name, err)
	}
	p.ended = make(chan struct{})
	go func(running *exec.Cmd, ended chan struct{}) { _ = running.Wait(); close(ended) }(p.running, p.ended)
	return nil
}

// PID is that of the program as it was last started.
func (p *Process) PID() int { return p.running.Process.Pid }

// Kill ends the program as a crash does. It returns when it has ended.
func (p *Process) Kill() {
	_ = p.running.Process.Kill()
	<-p.ended
}

// Freeze stops the program in its tracks: its sockets stay open, and it answers nothing.
func (p *Process) Freeze() error { return p.running.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a frozen program go on.
func (p *Process) Thaw() error { return p.running.Process.Signal(syscall.SIGCONT) }

// await looks until condition returns nil, and returns its last error when
// that lasts too long or the program has ended.
func (p *Process) await(ctx context.Context, limit time.Duration, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s has ended: see %s", p.name, p.log)
		case <-ctx.Done():
			return fmt.Errorf("%s isn't ready after %s: %w: see %s", p.name, limit, err, p.log)
		case <-tick.C:
		}
	}
}

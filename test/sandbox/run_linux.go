package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Supported returns ErrUnsupported where no sandbox can be made.
func Supported() error {
	if os.Geteuid() != 0 {
		return ErrUnsupported
	}
	return nil
}

// Run calls inside in a sandbox and returns what it returned. The end of ctx
// ends it, as SIGTERM does. The directory of the sandbox is removed, unless
// inside failed by itself. An error means that there was no sandbox.
//
// It has to be called early, before anything is done that must not be done
// four times, because the processes between start as this one did.
func Run(ctx context.Context, o Options, inside func(Box) int) (code int, err error) {
	switch stage := os.Getenv(stageVariable); stage {
	case "":
		return call(ctx, o)
	case "supervisor":
		return supervise()
	case "init":
		return reap()
	case "inside":
		return enter(inside)
	default:
		return 0, fmt.Errorf("%s is %q: it is for this package alone", stageVariable, stage)
	}
}

// call starts the supervisor and waits for its end; detached, for Box.Ready.
func call(ctx context.Context, o Options) (int, error) {
	if err := Supported(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return 0, err
	}
	supervisor := again("supervisor", append(o.Env, dirVariable+"="+dir))
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer func() { _ = nothing.Close() }()
	// The supervisor never writes: it notices when this process is gone.
	lifeline, hold, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer func() { _ = hold.Close() }()
	listener := nothing
	if o.Listener != nil {
		listener = o.Listener
	}
	supervisor.ExtraFiles = []*os.File{lifeline, listener}
	if o.Detach {
		return detach(ctx, supervisor, dir)
	}
	if err := supervisor.Start(); err != nil {
		return 0, err
	}
	_ = lifeline.Close()
	defer context.AfterFunc(ctx, func() { _ = supervisor.Process.Signal(syscall.SIGTERM) })()
	return exitCode(supervisor.ProcessState, supervisor.Wait())
}

// detach shows what the sandbox prints until it is ready.
func detach(ctx context.Context, supervisor *exec.Cmd, dir string) (int, error) {
	output, err := os.Create(outputFile(dir))
	if err != nil {
		return 0, err
	}
	defer func() { _ = output.Close() }()
	supervisor.Env = append(supervisor.Env, detachedVariable+"=true")
	supervisor.Stdout, supervisor.Stderr = output, output
	supervisor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := supervisor.Start(); err != nil {
		return 0, err
	}
	defer context.AfterFunc(ctx, func() { _ = supervisor.Process.Signal(syscall.SIGTERM) })()
	ended := make(chan error, 1)
	go func() { ended <- supervisor.Wait() }()
	shown, err := os.Open(outputFile(dir)) // a position of its own, that stays when the file is removed
	if err != nil {
		return 0, err
	}
	defer func() { _ = shown.Close() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ready := exists(readyFile(dir))
		_, _ = io.Copy(os.Stdout, shown)
		if ready {
			return 0, nil
		}
		select {
		case err := <-ended:
			_, _ = io.Copy(os.Stdout, shown)
			return exitCode(supervisor.ProcessState, err)
		case <-tick.C:
		}
	}
}

// again is this program once more, at the next stage.
func again(stage string, env []string) *exec.Cmd {
	// Its end is the subject of this package; no context may cut it short.
	next := exec.Command("/proc/self/exe", os.Args[1:]...) //nolint:noctx // see above
	next.Env = append(os.Environ(), append(env, stageVariable+"="+stage)...)
	next.Stdout, next.Stderr = os.Stdout, os.Stderr
	return next
}

// exitCode is a program's exit code, as a shell counts it.
func exitCode(state *os.ProcessState, err error) (int, error) {
	if state == nil {
		return 0, err
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
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

// Run calls inside in a sandbox and returns what it returned. The directory
// of the sandbox is removed, unless inside failed. An error means that there
// was no sandbox.
//
// It has to be called early, before anything is done that must not be done
// four times, because the processes between start as this one did.
func Run(o Options, inside func(Box) int) (code int, err error) {
	switch stage := os.Getenv(stageVariable); stage {
	case "":
		return call(o)
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
func call(o Options) (int, error) {
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
		return detach(supervisor, dir)
	}
	signal.Ignore(os.Interrupt) // the terminal sends it to all; the function decides
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	err = supervisor.Run()
	_ = lifeline.Close()
	return exitCode(supervisor.ProcessState, err)
}

// detach shows what the sandbox prints until it is ready.
func detach(supervisor *exec.Cmd, dir string) (int, error) {
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
	ended := make(chan error, 1)
	go func() { ended <- supervisor.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	shown := int64(0)
	for {
		ready := exists(readyFile(dir))
		shown += show(outputFile(dir), shown)
		if ready {
			return 0, nil
		}
		select {
		case err := <-ended:
			show(outputFile(dir), shown)
			return exitCode(supervisor.ProcessState, err)
		case <-tick.C:
		}
	}
}

// Stop ends a detached sandbox by its directory and waits for the end.
func Stop(dir string) error {
	text, err := os.ReadFile(pidFile(dir))
	if err != nil {
		return fmt.Errorf("%s is no directory of a running sandbox: %w", dir, err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	for begin := time.Now(); exists(dir); time.Sleep(20 * time.Millisecond) {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return os.RemoveAll(dir)
		}
		if time.Since(begin) > 30*time.Second {
			return fmt.Errorf("the sandbox of %s doesn't end: kill its process %d", dir, pid)
		}
	}
	return nil
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

// show prints what a file holds from an offset on and returns how much that was.
func show(path string, from int64) int64 {
	content, err := os.ReadFile(path)
	if err != nil || int64(len(content)) <= from {
		return 0
	}
	fmt.Print(strings.Clone(string(content[from:])))
	return int64(len(content)) - from
}

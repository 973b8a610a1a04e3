package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// box is the sandbox that the tests run in.
var box Box

// roleVariable makes this program the caller of another sandbox, within the tests' own.
const roleVariable = "REGISTRY_FAILOVER_SANDBOX_TEST"

// A role that begins so is that of a caller that detaches.
const detached = "detached "

func TestMain(m *testing.M) {
	if err := Supported(); err != nil && os.Getenv("CI") == "" {
		fmt.Println("skipped:", err)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	code, err := Run(ctx, Options{
		Env:    []string{"FROM_CALLER=yes"},
		Detach: strings.HasPrefix(os.Getenv(roleVariable), detached),
	}, func(b Box) int {
		box = b
		switch strings.TrimPrefix(os.Getenv(roleVariable), detached) {
		case "sleep":
			fmt.Println("inside", b.Dir)
			select {}
		case "fail":
			fmt.Println("inside", b.Dir)
			return 7
		case "wait":
			asked := make(chan os.Signal, 1)
			signal.Notify(asked, syscall.SIGTERM)
			fmt.Println("inside", b.Dir)
			<-asked
			return 130
		default:
			return m.Run()
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func TestThereIsNoWayOut(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback == 0 {
			t.Errorf("there is a network device %s", i.Name)
		}
	}
	routes, err := os.ReadFile("/proc/net/route")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(routes), "\n"); lines > 1 {
		t.Errorf("there are routes:\n%s", routes)
	}
}

func TestOnlyOwnProcessesAreSeen(t *testing.T) {
	found, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 2 {
		t.Errorf("there are the processes %v", found)
	}
}

func TestTheCallersEnvironmentAndOptionsArrive(t *testing.T) {
	if got := os.Getenv("FROM_CALLER"); got != "yes" {
		t.Errorf("FROM_CALLER is %q", got)
	}
	if box.Listener != nil {
		t.Error("there is a listener that nobody gave")
	}
	if _, err := os.Stat(box.Dir); err != nil {
		t.Error(err)
	}
}

// start runs another sandbox and returns its caller, its directory when the
// function has begun, and what it prints from then on.
func start(t *testing.T, role string) (caller *exec.Cmd, dir string, output *bufio.Reader) {
	t.Helper()
	caller = exec.CommandContext(t.Context(), "/proc/self/exe")
	caller.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, stageVariable)
	}), roleVariable+"="+role)
	pipe, err := caller.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	caller.Stderr = os.Stderr
	if err := caller.Start(); err != nil {
		t.Fatal(err)
	}
	output = bufio.NewReader(pipe)
	line, err := output.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return caller, strings.TrimSpace(strings.TrimPrefix(line, "inside ")), output
}

func TestNothingIsLeftWhenTheCallerIsKilled(t *testing.T) {
	caller, dir, output := start(t, "sleep")
	if len(cgroups(t)) == 0 {
		t.Fatal("there is no cgroup to be removed")
	}
	if err := caller.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// Every process of the sandbox holds the pipe: its end is theirs.
	if _, err := io.Copy(io.Discard, output); err != nil {
		t.Fatal(err)
	}
	_ = caller.Wait()
	nothingIsLeft(t, dir)
}

func nothingIsLeft(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	if left := cgroups(t); len(left) > 0 {
		t.Errorf("these cgroups are left: %v", left)
	}
}

func TestTheFunctionEndsWhenTheSupervisorIsKilled(t *testing.T) {
	caller, dir, output := start(t, "sleep")
	supervisor := ownerOf(t, controlSocket(dir))
	if err := syscall.Kill(supervisor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, output); err != nil {
		t.Fatal(err)
	}
	_ = caller.Wait()
	if got := caller.ProcessState.ExitCode(); got != 128+int(syscall.SIGKILL) {
		t.Errorf("the caller's exit code is %d", got)
	}
	// The next sandbox clears away what this one could not.
	next, _, rest := start(t, "fail")
	_, _ = io.Copy(io.Discard, rest)
	_ = next.Wait()
	nothingIsLeft(t, dir)
}

// ownerOf is the process that listens on a socket.
func ownerOf(t *testing.T, socket string) int {
	t.Helper()
	connection, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	raw, err := connection.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var owner *unix.Ucred
	var failure error
	if err := raw.Control(func(fd uintptr) {
		owner, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil || failure != nil {
		t.Fatal(err, failure)
	}
	return int(owner.Pid)
}

func TestAnEndThatWasAskedForLeavesNothing(t *testing.T) {
	stop := func(_ *exec.Cmd, dir string) error { return Stop(dir) }
	terminate := func(caller *exec.Cmd, _ string) error { return caller.Process.Signal(syscall.SIGTERM) }
	for name, test := range map[string]struct {
		role string
		ask  func(caller *exec.Cmd, dir string) error
	}{
		"Stop":                    {"wait", stop},
		"Stop when detached":      {detached + "wait", stop},
		"SIGTERM":                 {"wait", terminate},
		"SIGTERM while detaching": {detached + "wait", terminate},
	} {
		t.Run(name, func(t *testing.T) {
			caller, dir, output := start(t, test.role)
			if err := test.ask(caller, dir); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, output)
			_ = caller.Wait()
			if got := caller.ProcessState.ExitCode(); got != 130 {
				t.Errorf("the exit code is %d, not the function's 130", got)
			}
			nothingIsLeft(t, dir)
		})
	}
}

func TestStopSaysWhereNothingRuns(t *testing.T) {
	if err := Stop(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no directory of a running sandbox") {
		t.Errorf("Stop says %v", err)
	}
}

func TestAFailureKeepsTheDirectory(t *testing.T) {
	for _, role := range []string{"fail", detached + "fail"} {
		t.Run(role, func(t *testing.T) {
			caller, dir, output := start(t, role)
			_, _ = io.Copy(io.Discard, output)
			_ = caller.Wait()
			if got := caller.ProcessState.ExitCode(); got != 7 {
				t.Errorf("the exit code is %d, not the function's 7", got)
			}
			next, _, rest := start(t, "fail") // sweeps
			_, _ = io.Copy(io.Discard, rest)
			_ = next.Wait()
			if _, err := os.Stat(dir); err != nil {
				t.Error(err)
			}
		})
	}
}

// cgroups are those of sandboxes within this one, after the kernel had its time.
func cgroups(t *testing.T) []string {
	t.Helper()
	left, err := filepath.Glob("/sys/fs/cgroup/*/" + prefix + "*")
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestWhatAMaskHidesIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	below, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = below.Close() }()
	for _, entry := range []string{"kept", "hidden"} {
		if err := os.Mkdir(filepath.Join(dir, entry), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("kept", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := Mask(dir, "hidden", "missing"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	for _, file := range []string{"link/a", "hidden/b", "missing/c", "d"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	var got []string
	root := fmt.Sprintf("/proc/self/fd/%d/", below.Fd())
	for _, file := range []string{"kept/a", "hidden/b", "missing", "d"} {
		if exists(root + file) {
			got = append(got, file)
		}
	}
	if want := []string{"kept/a"}; !slices.Equal(got, want) {
		t.Errorf("below the mask there are %v, not %v", got, want)
	}
}

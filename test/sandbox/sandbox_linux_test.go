package sandbox

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// box is the sandbox that the tests run in.
var box Box

// roleVariable makes this program the caller of another sandbox, within the tests' own.
const roleVariable = "REGISTRY_FAILOVER_SANDBOX_TEST"

func TestMain(m *testing.M) {
	if err := Supported(); err != nil {
		fmt.Println("skipped:", err)
		return
	}
	code, err := Run(Options{Env: []string{"FROM_CALLER=yes"}}, func(b Box) int {
		box = b
		switch os.Getenv(roleVariable) {
		case "sleep":
			fmt.Println("inside", b.Dir)
			select {}
		case "fail":
			fmt.Println("inside", b.Dir)
			return 7
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
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	if left := cgroups(t); len(left) > 0 {
		t.Errorf("these cgroups are left: %v", left)
	}
}

func TestTheFunctionEndsWhenTheSupervisorIsKilled(t *testing.T) {
	caller, dir, output := start(t, "sleep")
	text, err := os.ReadFile(pidFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	supervisor, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
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
	if left := cgroups(t); len(left) > 0 {
		t.Errorf("these cgroups are left: %v", left)
	}
}

func TestAFailureKeepsTheDirectory(t *testing.T) {
	caller, dir, output := start(t, "fail")
	_, _ = io.Copy(io.Discard, output)
	_ = caller.Wait()
	if got := caller.ProcessState.ExitCode(); got != 7 {
		t.Errorf("the exit code is %d, not the function's 7", got)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
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

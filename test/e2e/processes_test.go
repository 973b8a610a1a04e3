package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// pids finds a pod's processes without the API server: the sandbox sees all of
// the node's, and a pod's host name is its name. On the host's network it is the node's,
// but kubelet's hosts file for the pod tells it. The pause container has none of its files.
func pids(t *testing.T, pod corev1.Pod) []int {
	t.Helper()
	roots, err := filepath.Glob("/proc/[0-9]*/root")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, root := range roots {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(root)))
		if err != nil {
			t.Fatal(err)
		}
		// A process may end while it is looked at.
		if pod.Spec.HostNetwork {
			if mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid)); err != nil || !strings.Contains(string(mounts), "/pods/"+string(pod.UID)+"/etc-hosts /etc/hosts ") {
				continue
			}
		} else if hostname, err := os.ReadFile(filepath.Join(root, "etc", "hostname")); err != nil || strings.TrimSpace(string(hostname)) != pod.Name {
			continue
		}
		program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && program != "/pause" {
			found = append(found, pid)
		}
	}
	return found
}

func kill(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) }

// memory is what a process has in RAM: all of it, and what of it no file backs.
type memory struct{ resident, anonymous int }

// memoryOf reads it in KiB.
func memoryOf(pid int) (memory, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memory{}, err
	}
	var m memory
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		var field *int
		switch name {
		case "VmRSS":
			field = &m.resident
		case "RssAnon":
			field = &m.anonymous
		default:
			continue
		}
		if *field, err = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB")); err != nil {
			return memory{}, err
		}
	}
	if m.resident == 0 {
		return memory{}, errors.New("the kernel doesn't tell a process's memory")
	}
	return m, nil
}

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"golang.org/x/sys/unix"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestNodes is about what a switch meets on a node, as status tells of it.
func TestNodes(t *testing.T) {
	s := newScenario(t, 4)
	s.play(t, "helm install on a node with a mirror for every registry: status counts the node and tells of it", (*scenario).installAndStatus)
	s.play(t, "status waits for a failover, and lists a pod on the host network from before", (*scenario).waitForNodes)
	s.play(t, "a program that writes the hosts file all the time loses no line", (*scenario).writeBesides)
	s.play(t, "an immutable hosts file is told of, and written when it is none any more", (*scenario).refuseWriting)
	s.play(t, "after the failback the pod keeps its copy until it is started anew", (*scenario).keepCopy)
	s.play(t, "helm uninstall leaves nothing", (*scenario).uninstallNodes)
}

func (s *scenario) installAndStatus(t *testing.T) {
	const mirror = "/etc/containerd/certs.d/_default"
	_, err := os.Lstat("/etc/containerd")
	own := err == nil // then it may have other settings
	if !own {
		defer os.RemoveAll("/etc/containerd")
		err = errors.Join(os.MkdirAll(mirror, 0o755), os.WriteFile(mirror+"/hosts.toml", []byte("[host.\"https://mirror.example.com\"]\n"), 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
	s.runHelm(t, "install")
	awaitSwitch(t, "privatezone")
	awaitRollouts(t)
	t.Log("\n" + kubectl(t, "registry-failover", "status", "--wait"))
	if !own {
		await(t, "the mirror is told of", 10*time.Second, func(ctx context.Context) error {
			output, err := node.Kubectl(ctx, "registry-failover", "status")
			if err == nil && !strings.Contains(output, "containerd asks https://mirror.example.com for "+cluster.Endpoint) {
				err = fmt.Errorf("status says %s", output)
			}
			return err
		})
	}
	newHostPod(t, "host")
	awaitRunning(t, shop, "host")
}

// newHostPod creates a pod on the host network.
func newHostPod(t *testing.T, name string) {
	t.Helper()
	_, err := node.Client.CoreV1().Pods(shop).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{
			HostNetwork:                   true,
			Containers:                    []corev1.Container{{Name: "web", Image: sharedImage}},
			TerminationGracePeriodSeconds: new(int64),
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// nodesStatus is what matters here of status -o json.
type nodesStatus struct {
	Endpoints []struct {
		Nodes, Switched int
		Waiting         []struct{ Text string }
	}
	Pods    []struct{ Owner string }
	Seconds float64
}

// readStatus takes any verdict.
func readStatus(ctx context.Context, args ...string) (s nodesStatus, err error) {
	output, failed := node.Kubectl(ctx, append([]string{"registry-failover", "status", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(output), &s); err != nil {
		return s, errors.Join(failed, err)
	}
	return s, nil
}

// keepsCopy says whether the host pod is listed.
func (s nodesStatus) keepsCopy() bool {
	for _, o := range s.Pods {
		if o.Owner == "Pod/host" {
			return true
		}
	}
	return false
}

func (s *scenario) waitForNodes(t *testing.T) {
	await(t, "the pod on the host network is older than a second", 5*time.Second, func(ctx context.Context) error {
		pod, err := node.Client.CoreV1().Pods(shop).Get(ctx, "host", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if age := time.Since(pod.Status.ContainerStatuses[0].State.Running.StartedAt.Time); age < 2*time.Second {
			return fmt.Errorf("it is %s old", age)
		}
		return nil
	})
	throw(t, "hangzhou")
	output := kubectl(t, "registry-failover", "status", "--wait", "--timeout", "20s")
	t.Log("\n" + output)
	if !strings.Contains(output, "√ 1 of 1 node switched in ") || !strings.Contains(output, "    shop: Pod/host: 1 pod\n") {
		t.Errorf("it says\n%s", output)
	}
	awaitHosts(t, node.Hangzhou.Internal.String())
}

// writeBesides appends a line to the hosts file every 20 ms while the switch is
// thrown, and takes the lines away again.
func (s *scenario) writeBesides(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	lines := make(chan int)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		n := 0
		for ; ctx.Err() == nil; n++ {
			if err := appendHosts(fmt.Sprintf("10.99.%d.%d writer-%d.example.com\n", n/200, n%200, n)); err != nil {
				t.Error(err)
				break
			}
			<-tick.C
		}
		lines <- n
	}()
	for i := range 10 {
		word, addr := "zhangjiakou", node.Zhangjiakou.Internal.String()
		if i%2 == 1 {
			word, addr = "hangzhou", node.Hangzhou.Internal.String()
		}
		throw(t, word)
		await(t, "the hosts file leads to "+word, 30*time.Second, func(context.Context) error {
			if content := hostsFile(t); !strings.Contains(content, addr+" "+cluster.Endpoint) {
				return fmt.Errorf("it is %d bytes long without it", len(content))
			}
			return nil
		})
	}
	cancel()
	written := <-lines
	content := hostsFile(t)
	for n := range written {
		if !strings.Contains(content, fmt.Sprintf(" writer-%d.example.com\n", n)) {
			t.Errorf("line %d of %d is lost", n, written)
		}
	}
	t.Logf("%d lines were written during 10 switches", written)
	var kept strings.Builder
	for line := range strings.Lines(content) {
		if !strings.Contains(line, " writer-") {
			kept.WriteString(line)
		}
	}
	if err := os.WriteFile("/etc/hosts", []byte(kept.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	awaitHosts(t, node.Hangzhou.Internal.String())
	kubectl(t, "registry-failover", "status", "--wait", "--timeout", "30s") // the resolver has come to rest
}

func appendHosts(line string) error {
	file, err := os.OpenFile("/etc/hosts", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(line)
	return errors.Join(err, file.Close())
}

// refuseWriting makes the hosts file immutable, as on ACK's Auto Mode nodes the whole file system is.
func (s *scenario) refuseWriting(t *testing.T) {
	const immutable = 0x10 // FS_IMMUTABLE_FL of linux/fs.h
	file, err := os.Open("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	flags, err := unix.IoctlGetInt(int(file.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, flags|immutable)
	}
	if err != nil {
		t.Skipf("no file can be made immutable here: %v", err)
	}
	release := func() {
		if err := unix.IoctlSetPointerInt(int(file.Fd()), unix.FS_IOC_SETFLAGS, flags); err != nil {
			t.Error(err)
		}
	}
	if now, err := os.Stat("/etc/hosts"); err != nil || !os.SameFile(now, stat(t, file)) {
		t.Errorf("another file has taken its place meanwhile: %v", err)
	}
	throw(t, "zhangjiakou")
	_, err = node.Kubectl(t.Context(), "registry-failover", "status", "--wait", "--timeout", "3s")
	if err == nil || !strings.Contains(err.Error(), "after 3s: "+cluster.Endpoint+": 0 of 1 node switched") {
		t.Errorf("a node whose hosts file can't be written: %v", err)
	}
	status, err := readStatus(t.Context())
	if err != nil || len(status.Endpoints[0].Waiting) != 1 || !strings.Contains(status.Endpoints[0].Waiting[0].Text, "check with lsattr") {
		t.Errorf("status is %+v: %v", status, err)
	}
	release()
	throw(t, "hangzhou") // it would be written within 10 s without this too
	t.Log("\n" + kubectl(t, "registry-failover", "status", "--wait", "--timeout", "30s"))
	awaitHosts(t, node.Hangzhou.Internal.String())
}

func stat(t *testing.T, file *os.File) os.FileInfo {
	t.Helper()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func (s *scenario) keepCopy(t *testing.T) {
	throw(t, "privatezone")
	status, err := readStatus(t.Context(), "--wait")
	if err != nil || !status.keepsCopy() {
		t.Errorf("status is %+v: %v", status, err)
	}
	awaitHosts(t, "")
	deletePod(t, shop, "host")
	await(t, "a second has passed since the failback", 5*time.Second, func(context.Context) error {
		info, err := os.Stat("/etc/hosts")
		if err == nil && time.Since(info.ModTime()) < 2*time.Second {
			err = errors.New("it has not")
		}
		return err
	})
	newHostPod(t, "host")
	awaitRunning(t, shop, "host")
	if status, err = readStatus(t.Context()); err != nil || status.keepsCopy() {
		t.Errorf("status is %+v: %v", status, err)
	}
}

func (s *scenario) uninstallNodes(t *testing.T) {
	deletePod(t, shop, "host")
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	s.awaitNothingLeft(t)
}

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/connections"
	"github.com/registry-failover/registry-failover/internal/ociimage"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// resets is how often each timing of resets is measured; they are left out with 0.
var resets = flag.Int("resets", 0, "measure how soon pulls in flight are done after a switch, so many times with each timing of resets")

// timings are when connections are reset, from when the hosts file has changed.
var timings = []struct {
	name               string
	first, every, last time.Duration
}{
	{"none", -1, 0, 0},
	{"once, at once", 0, time.Hour, 0},
	{"once, after 5 s", 5 * time.Second, time.Hour, 5 * time.Second},
	{"each 0.25 s for 6 s", 0, 250 * time.Millisecond, 6 * time.Second},
	{"each 0.5 s for 6 s", 0, 500 * time.Millisecond, 6 * time.Second},
	{"each 1 s for 6 s", 0, time.Second, 6 * time.Second},
	{"each 0.5 s for 8 s", 0, 500 * time.Millisecond, 8 * time.Second},
	{"each 0.5 s for 10 s", 0, 500 * time.Millisecond, 10 * time.Second},
}

// givenUp is when a pull that nothing ends is waited for no longer.
const givenUp = time.Minute

// phases are where a pull hangs when the switch is thrown, and for how long then.
// The worst moment is when containerd has just read the hosts file.
var phases = []struct {
	name    string
	inLayer bool
	since   time.Duration
}{
	{"connecting, since now", false, 0},
	{"connecting, since 6 s", false, goCachesHosts + time.Second},
	{"in a layer, since 6 s", true, goCachesHosts + time.Second},
}

// measureResets throws the switch while a pull hangs. A second pull, of another
// image, waits for the first or hangs as well.
func (s *scenario) measureResets(t *testing.T) {
	if *resets == 0 {
		t.Skip("no figures were asked for: -resets 3")
	}
	s.runHelm(t, "upgrade", "--set", "config.node.resetConnections=false,admission.mechanism=Policy,dns.replicas=1,prober.enabled=false")
	kubectl(t, "-n", namespace, "rollout", "status", "daemonset/registry-failover-resolver", "--timeout", "2m")
	tellResolver(t, "node.resetConnections: false")
	defer setKubelet(t, "")
	run := 0
	for _, pulls := range []string{"serial", "parallel"} {
		setKubelet(t, "serializeImagePulls: "+strconv.FormatBool(pulls == "serial")+"\n")
		for _, phase := range phases {
			t.Run(pulls+", "+phase.name, func(t *testing.T) {
				t.Logf("%-22s %10s %10s", "resets", "first", "second")
				for at := range timings {
					var first, second []time.Duration
					for range *resets {
						run++
						one, two := s.pullWith(t, run, at, pulls == "parallel", phase.inLayer, phase.since)
						first, second = append(first, one), append(second, two)
					}
					t.Logf("%-22s %10s %10s", timings[at].name, medianText(first), medianText(second))
				}
			})
		}
	}
}

func medianText(times []time.Duration) string {
	slices.Sort(times)
	if m := median(times); m < givenUp {
		return fmt.Sprintf("%.1f s", m.Seconds())
	}
	return "> " + givenUp.String()
}

// pullWith returns after how long each of two pods ran, from the switch.
func (s *scenario) pullWith(t *testing.T, run, timing int, parallel, inLayer bool, since time.Duration) (first, second time.Duration) {
	t.Helper()
	throw(t, "privatezone")
	awaitHosts(t, "")
	awaitRuntime(t, node.Zhangjiakou.Internal.String())
	primary := netip.AddrPortFrom(node.Zhangjiakou.Internal, 443)
	names := [2]string{fmt.Sprintf("reset-%d-first", run), fmt.Sprintf("reset-%d-second", run)}
	half := pushHeld(t, names, inLayer)
	defer half.end()
	hanging := 1
	if inLayer {
		newPod(t, names[0], sharedHost+"/demo/"+names[0]+":1")
		<-half.sent
		hanging = 0
	}
	restore := dropPackets(t, primary)
	defer restore()
	if !inLayer {
		newPod(t, names[0], sharedHost+"/demo/"+names[0]+":1")
		awaitConnecting(t, primary, hanging)
	}
	newPod(t, names[1], sharedHost+"/demo/"+names[1]+":1")
	if parallel {
		awaitConnecting(t, primary, hanging+1)
	}
	time.Sleep(since)
	begin := time.Now()
	throw(t, "hangzhou")
	awaitHosts(t, node.Hangzhou.Internal.String())
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		resetAsTimed(ctx, t, timing, primary)
	}()
	defer func() { stop(); <-done }()
	var ran [2]time.Duration
	for ran[0] == 0 || ran[1] == 0 {
		for i, name := range names {
			pod, err := node.Client.CoreV1().Pods(shop).Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); ran[i] == 0 && (ready(pod) == nil || took > givenUp) {
				ran[i] = took
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	if max(ran[0], ran[1]) > givenUp {
		// What hangs must not be in the way of the next.
		if _, err := connections.Reset([]netip.Addr{primary.Addr()}, primary.Port()); err != nil {
			t.Error(err)
		}
	}
	for _, name := range names {
		deletePod(t, shop, name)
	}
	return ran[0], ran[1]
}

func resetAsTimed(ctx context.Context, t *testing.T, timing int, at netip.AddrPort) {
	with := timings[timing]
	if with.first < 0 {
		return
	}
	begin := time.Now()
	for next := with.first; next <= with.last; next += with.every {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(begin.Add(next))):
		}
		if _, err := connections.Reset([]netip.Addr{at.Addr()}, at.Port()); err != nil {
			t.Error(err)
			return
		}
	}
}

// held is an image of which the primary sends half a layer.
type held struct{ sent, release chan struct{} }

func (h held) end() {
	node.Zhangjiakou.Intercept(nil)
	close(h.release)
}

// pushHeld pushes two new images to both instances. With inLayer, the primary
// sends half of the first one's big layer, and no more.
func pushHeld(t *testing.T, names [2]string, inLayer bool) held {
	t.Helper()
	h := held{make(chan struct{}), make(chan struct{})}
	for i, name := range names {
		layer := layerOf(name, 8<<20)
		err := pushWith(t.Context(), name, layer)
		if err == nil && i == 0 && inLayer {
			err = h.hold(layer)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// pushWith pushes the workload's image with one layer more to both instances, as demo/NAME:1.
func pushWith(ctx context.Context, name string, layer v1.Layer) error {
	image, err := ociimage.BuildFromBinary("/run/cluster/bin/web", ociimage.Options{Architecture: runtime.GOARCH, Uncompressed: true})
	if err == nil {
		image, err = mutate.AppendLayers(image, layer)
	}
	for _, instance := range []*cluster.Instance{node.Hangzhou, node.Zhangjiakou} {
		if err == nil {
			err = instance.Push(ctx, node.Authority, sharedHost+"/demo/"+name+":1", image)
		}
	}
	return err
}

// layerOf has so many bytes of content that no other layer has.
func layerOf(name string, size int) v1.Layer {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	_ = w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(size)}) // a buffer takes all
	_, _ = w.Write(bytes.Repeat([]byte{1}, size))
	_ = w.Close()
	return static.NewLayer(content.Bytes(), types.OCIUncompressedLayer)
}

func (h held) hold(layer v1.Layer) error {
	digest, err := layer.Digest()
	if err != nil {
		return err
	}
	reader, err := layer.Compressed()
	if err != nil {
		return err
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	node.Zhangjiakou.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/blobs/"+digest.String()) {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = io.Copy(w, bytes.NewReader(content[:len(content)/2]))
		_ = http.NewResponseController(w).Flush()
		select {
		case h.sent <- struct{}{}:
		case <-h.release:
		}
		<-h.release
		return true
	})
	return nil
}

// setKubelet starts the first node's kubelet anew with more in its configuration.
func setKubelet(t *testing.T, more string) {
	t.Helper()
	setKubeletOn(t, node.Nodes[0], more)
}

// setKubeletOn does on that node.
func setKubeletOn(t *testing.T, n *cluster.Node, more string) {
	t.Helper()
	file := "/run/cluster/" + n.Name + "/kubelet.yaml"
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, "serializeImagePulls:") {
			lines.WriteString(line)
		}
	}
	n.Kubelet.Kill()
	if err := errors.Join(os.WriteFile(file, []byte(lines.String()+more), 0o644), n.Kubelet.Start()); err != nil {
		t.Fatal(err)
	}
}

// tellResolver shows the memory of the resolver on the node, which has its node's
// host name where it has the host network.
func tellResolver(t *testing.T, with string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		command, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(command, []byte("--hosts-file=/host/etc/hosts")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		m, err := memoryOf(pid)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-32s VmRSS %5.1f MiB, RssAnon %5.1f MiB", with, float64(m.resident)/1024, float64(m.anonymous)/1024)
	}
}

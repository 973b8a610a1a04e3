package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/readiness"
	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/bench/program"
	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

// product is the namespace of the controller.
const product = "registry-failover"

// A subject is a controller.
type subject struct {
	cluster *cluster.Cluster
	pid     int
}

// start runs a controller, with the configuration of the repository's example.
func start(ctx context.Context, c *cluster.Cluster) (*subject, error) {
	dir := filepath.Join(c.Dir, "bench-readiness")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	authority := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(authority, c.Authority.PEM(), 0o600); err != nil {
		return nil, err
	}
	if err := errors.Join(os.Setenv("KUBECONFIG", c.Kubeconfig()), os.Setenv("SSL_CERT_FILE", authority)); err != nil {
		return nil, err
	}
	p, _, err := program.StartListening(ctx, "http", filepath.Join(c.Root, "bin", "controller"),
		"--config", filepath.Join(c.Root, "testdata", "config", "example.yaml"), "--kube", "--namespace", product, "--readiness",
		"--metrics", "127.0.0.1:0", "--log-format", "json")
	if err != nil {
		return nil, fmt.Errorf("run make build first: %w", err)
	}
	return &subject{c, p.PID}, nil
}

// watch looks at the memory each second until done says so.
func (s *subject) watch(ctx context.Context, done func() (bool, error)) (resident []int64, err error) {
	for {
		now, err := figures.Resident(s.pid, "VmRSS")
		if err != nil {
			return nil, err
		}
		resident = append(resident, now)
		if is, err := done(); is || err != nil {
			return resident, err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// status is what the controller has told, if anything.
func (s *subject) status(ctx context.Context) (readiness.Status, error) {
	m, err := s.cluster.Client.CoreV1().ConfigMaps(product).Get(ctx, inputs.StatusName, metav1.GetOptions{})
	if err != nil { // it isn't there yet
		return readiness.Status{}, nil //nolint:nilerror // the caller waits
	}
	told, _, err := readiness.ParseStatus(m.Data[cluster.Endpoint])
	return told, err
}

// A counter remembers when an instance was asked.
type counter struct {
	mutex sync.Mutex
	asked []time.Time
}

// listen starts an instance at its address of the configuration, which has all images, of
// which it stores none, and takes 20 ms for each.
func listen(ctx context.Context, c *cluster.Cluster, address string, pods int) (*counter, error) {
	i, err := standin.NewRegistry(c.Authority, cluster.Endpoint)
	if err != nil {
		return nil, err
	}
	if err := i.Listen(ctx, net.JoinHostPort(address, "443")); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = i.Close() })
	there := make(map[string]bool, pods)
	for n := range pods {
		there["/v2/"+repository(n)+"/manifests/1.0"] = true
	}
	asked := &counter{}
	i.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		asked.mutex.Lock()
		asked.asked = append(asked.asked, time.Now())
		asked.mutex.Unlock()
		time.Sleep(20 * time.Millisecond)
		if r.Method != http.MethodHead || !there[r.URL.Path] {
			return false
		}
		w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(strings.TrimPrefix(r.URL.Path, "/v2/")))))
		return true
	})
	return asked, nil
}

func (c *counter) total() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.asked)
}

// busiest is how many requests have come within a second at most.
func (c *counter) busiest() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	most, from := 0, 0
	for n, at := range c.asked {
		for at.Sub(c.asked[from]) >= time.Second {
			from++
		}
		most = max(most, n-from+1)
	}
	return most
}

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/bench/figures"
	"github.com/registry-failover/registry-failover/test/bench/program"
	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// A subject is a controller with a cloud of its own.
type subject struct {
	endpoints int
	cloud     *cloud.Cloud
	pid       int
	metrics   string
	resident  []int64 // each second
}

// start runs a controller with so many endpoints in a namespace.
func start(ctx context.Context, c *cluster.Cluster, namespace string, endpoints int, flags ...string) (*subject, error) {
	_, err := c.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	s := &subject{endpoints: endpoints, cloud: cloud.New(dataOf(endpoints))}
	url, err := s.listen(ctx, c)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(c.Dir, "bench-"+namespace)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for name, content := range map[string]string{
		"config.yaml": configOf(endpoints), "ca.pem": string(c.Authority.PEM()), "access-key-id": "LTAI-bench", "access-key-secret": "bench-secret",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	err = errors.Join(os.Setenv("KUBECONFIG", c.Kubeconfig()), os.Setenv("SSL_CERT_FILE", filepath.Join(dir, "ca.pem")))
	if err != nil {
		return nil, err
	}
	p, address, err := program.StartListening(ctx, "http", filepath.Join(c.Root, "bin", "controller"), append([]string{
		"--config", filepath.Join(dir, "config.yaml"), "--kube", "--namespace", namespace, "--credentials-dir", dir,
		"--pvtz-endpoint", url, "--acr-endpoint", url, "--metrics", "127.0.0.1:0", "--log-format", "json",
	}, flags...)...)
	if err != nil {
		return nil, fmt.Errorf("run make build first: %w", err)
	}
	s.pid, s.metrics = p.PID, "http://"+address+"/metrics"
	return s, nil
}

// listen lets the cloud answer over HTTPS until ctx ends.
func (s *subject) listen(ctx context.Context, c *cluster.Cluster) (url string, err error) {
	certificate, err := c.Authority.Server("127.0.0.1")
	if err != nil {
		return "", err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: s.cloud, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}))
	}()
	return "https://" + listener.Addr().String(), nil
}

// watch looks at the memory of all each second.
func watch(ctx context.Context, during time.Duration, all ...*subject) error {
	for begun := time.Now(); time.Since(begun) < during; {
		for _, s := range all {
			resident, err := figures.Resident(s.pid, "VmRSS")
			if err != nil {
				return err
			}
			s.resident = append(s.resident, resident)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// rows are the figures, with the most memory that the controller has had, in bytes.
func (s *subject) rows(ctx context.Context, during time.Duration) (table figures.Table, worst int64, err error) {
	calls := map[string]int{}
	failed := 0
	for _, c := range s.cloud.Calls() {
		calls[c.Action]++
		if c.Code != "" {
			failed++
		}
	}
	counted, read, pods, err := s.scrape(ctx)
	if err != nil {
		return nil, 0, err
	}
	total := 0
	for _, n := range calls {
		total += n
	}
	if failed > 0 || read != s.endpoints || pods == 0 {
		return nil, 0, fmt.Errorf("%d calls failed, %d of %d endpoints were read, %d pods counted: the figures would tell of something else", failed, read, s.endpoints, pods)
	}
	of := fmt.Sprintf("endpoints %d: ", s.endpoints)
	worst, err = figures.Resident(s.pid, "VmHWM")
	if err != nil {
		return nil, 0, err
	}
	worst = max(worst, slices.Max(s.resident))
	return figures.Table{
		{What: of + "calls of the cloud a minute, by its own metric", Figure: perMinute(counted, during), Reference: perMinute(total, during) + " that reached the cloud", Ratio: figures.Ratio(float64(counted), float64(total))},
		{What: "  of zones and their records", Figure: perMinute(calls["DescribeZones"]+calls["DescribeZoneRecords"], during)},
		{What: "  of instances", Figure: perMinute(calls["ListInstanceEndpoint"]+calls["GetInstanceVpcEndpoint"], during)},
		{What: "  VmRSS", Figure: figures.Mebibytes(figures.Median(s.resident)), Worst: figures.Mebibytes(worst), Reference: figures.Mebibytes(most)},
	}, worst, nil
}

func perMinute(n int, during time.Duration) string {
	return fmt.Sprintf("%.1f", float64(n)/during.Minutes())
}

// scrape reads from the metrics how many calls there were, endpoints were read and pods counted.
func (s *subject) scrape(ctx context.Context) (calls, read, pods int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.metrics, nil)
	if err != nil {
		return 0, 0, 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, 0, 0, err
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "} ")
		n, _ := strconv.ParseFloat(value, 64)
		switch metric, _, _ := strings.Cut(name, "{"); metric {
		case "registry_failover_cloud_calls_total":
			calls += int(n)
		case "registry_failover_privatezone_read_timestamp_seconds":
			read++
		case "registry_failover_source_host_pods":
			pods += int(n)
		}
	}
	return calls, read, pods, nil
}

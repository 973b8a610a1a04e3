package minter

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

// puts tells of each Secret that was put.
type puts struct {
	*ownedsecrets.Writer
	done chan error
}

func (p puts) Put(ctx context.Context, s ownedsecrets.Secret) (ownedsecrets.Written, error) {
	written, err := p.Writer.Put(ctx, s)
	p.done <- err
	return written, err
}

// TestTokensOfTheCloudsAPI has the cloud's client ask a stand-in of the cloud over HTTPS.
func TestTokensOfTheCloudsAPI(t *testing.T) {
	text, err := os.ReadFile("../../test/fakecloud/testdata/two-regions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := cloud.ParseData(text)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(cloud.New(data))
	defer server.Close()
	dir := t.TempDir()
	for name, content := range map[string]string{alibaba.FileAccessKeyID: data.AccessKeys[0].ID, alibaba.FileAccessKeySecret: data.AccessKeys[0].Secret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var logs strings.Builder
	w := &world{t: t, api: &secretsapi.Server{}, metrics: prometheus.NewPedanticRegistry()}
	log := slog.New(slog.NewTextHandler(&logs, nil))
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	address := strings.TrimPrefix(server.URL, "https://")
	client, err := alibaba.New(alibaba.Options{
		Sessions:  alibaba.NewKeeper(alibaba.Files{Dir: dir}, w.metrics, log),
		Addresses: alibaba.Addresses{PrivateZone: address, STS: address, Registry: func(string) string { return address }},
		Region:    "cn-zhangjiakou", Roots: roots, Metrics: w.metrics, UserAgent: "registry-failover/test",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	core, err := corev1client.NewForConfig(w.api.Config())
	if err != nil {
		t.Fatal(err)
	}
	secrets := puts{ownedsecrets.New(core, w.metrics), make(chan error)}
	w.Minter = New(Options{Cloud: client, Secrets: secrets, Metrics: w.metrics, Log: log})
	w.configure("shop")

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Start(ctx) }()
	for range 2 {
		if err := <-secrets.done; err != nil {
			t.Error(err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for instance, id := range map[string]string{"hangzhou": "cri-aaaaa", "zhangjiakou": "cri-bbbbb"} {
		if got := w.holds("shop", instance); !strings.HasPrefix(got, "registry+token/"+id+"/") || strings.Contains(logs.String(), got) {
			t.Errorf("the Secret of %s has %q:\n%s", instance, got, &logs)
		}
	}
}

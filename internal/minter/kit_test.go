package minter

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

const shared = "cross-region.registry.io"

// A stub is a cloud that gives tokens, or says what it is told to.
type stub struct {
	sync.Mutex
	life  time.Duration
	err   error
	dark  bool // doesn't answer
	asked []string
}

// password is that of the n-th token.
func password(n int) string { return fmt.Sprintf("s3cret-%d", n) }

func (s *stub) ReadToken(ctx context.Context, id, region string) (alibaba.Token, error) {
	s.Lock()
	s.asked = append(s.asked, id+" "+region)
	n, life, err, dark := len(s.asked), s.life, s.err, s.dark
	s.Unlock()
	switch {
	case dark:
		<-ctx.Done()
		return alibaba.Token{}, ctx.Err()
	case err != nil:
		return alibaba.Token{}, err
	}
	return alibaba.NewToken("cr_temp_user", password(n), time.Now().Add(life)), nil
}

// be changes what it says.
func (s *stub) be(err error, dark bool) {
	s.Lock()
	defer s.Unlock()
	s.err, s.dark = err, dark
}

// calls are those so far.
func (s *stub) calls() []string {
	s.Lock()
	defer s.Unlock()
	return slices.Clone(s.asked)
}

// A world is a minter with the cloud that it asks and the API server that it writes to.
type world struct {
	*Minter
	t       *testing.T
	cloud   *stub
	api     *secretsapi.Server
	logs    bytes.Buffer
	metrics *prometheus.Registry
}

// play runs a test in a bubble, with a minter that isn't started yet.
func play(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, cloud: &stub{life: time.Hour}, api: &secretsapi.Server{}, metrics: prometheus.NewPedanticRegistry()}
		client, err := corev1client.NewForConfig(w.api.Config())
		if err != nil {
			t.Fatal(err)
		}
		w.Minter = New(Options{
			Cloud: w.cloud, Secrets: ownedsecrets.New(client, w.metrics), Metrics: w.metrics,
			Log: slog.New(slog.NewTextHandler(&w.logs, nil)),
		})
		w.configure("shop", "batch")
		test(w)
	})
}

// configure lists namespaces that are given tokens.
func (w *world) configure(namespaces ...string) {
	w.t.Helper()
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := config.Parse(append(text, []byte(`
credentials: {provider: RRSA}
pullSecrets: {mode: Derive, namespaces: ["*"], mint: [`+strings.Join(namespaces, ", ")+"]}\n")...))
	if err != nil {
		w.t.Fatal(err)
	}
	w.Configure(c)
}

// start lets it lead until the function that it gives is called.
func (w *world) start() (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error)
	go func() { done <- w.Start(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

// sleep lets time pass.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// of is the Secret of an instance in a namespace, nil where there is none.
func (w *world) of(namespace, instance string) *corev1.Secret {
	return w.api.Secret(namespace, pullsecrets.MintedName(shared, instance))
}

// holds is the password of that Secret.
func (w *world) holds(namespace, instance string) string {
	w.t.Helper()
	s := w.of(namespace, instance)
	if s == nil {
		return ""
	}
	credentials, err := pullsecrets.Parse(string(s.Type), s.Data)
	if err != nil || len(credentials) != 1 || credentials[0].Registry != shared {
		w.t.Fatalf("the Secret of %s in %s has %v, %v", instance, namespace, credentials, err)
	}
	_, password := credentials[0].Login()
	return password
}

// metric is the value for an instance, -1 where there is none.
func (w *world) metric(name, instance string) float64 {
	w.t.Helper()
	families, err := w.metrics.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == "registry_failover_minted_token_"+name && l.GetName() == "instance" && l.GetValue() == instance {
					return m.GetGauge().GetValue()
				}
			}
		}
	}
	return -1
}

package companions

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

const (
	own    = "registry-failover"
	shared = "cross-region.registry.io"
	hostA  = "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
	hostB  = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	// ofA and ofB are the companions of a Secret named pull.
	ofA = "pull.hangzhou." + shared
	ofB = "pull.zhangjiakou." + shared
)

// endpoints are one, of two instances.
func endpoints() []config.Endpoint {
	return []config.Endpoint{{Name: shared, Instances: []config.Instance{
		{Name: "hangzhou", InternalEndpoint: hostA, PublicEndpoint: "a-registry.cn-hangzhou.cr.aliyuncs.com"},
		{Name: "zhangjiakou", InternalEndpoint: hostB, PublicEndpoint: "b-registry.cn-zhangjiakou.cr.aliyuncs.com"},
	}}}
}

func configured(mode config.PullSecretsMode, namespaces ...string) *config.Config {
	return &config.Config{Endpoints: endpoints(), PullSecrets: config.PullSecrets{Mode: mode, Namespaces: namespaces, BreakGlass: "emergency"}}
}

// pull is a Secret with a password for each host; it begins with "password-".
func pull(namespace, name string, hosts ...string) *corev1.Secret {
	auths := map[string]map[string]string{}
	for _, host := range hosts {
		host, word, _ := strings.Cut(host, " ")
		auths[host] = map[string]string{"username": "ann", "password": "password-" + word}
	}
	text, _ := json.Marshal(map[string]any{"auths": auths})
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{pullsecrets.KeyDockerConfigJSON: text},
	}
}

// world is an API server with a controller that leads.
type world struct {
	*testing.T
	*secretsapi.Server
	keeper   *Keeper
	registry *prometheus.Registry
	events   *events.FakeRecorder
	log      *logs
	stop     context.CancelFunc
	ended    chan struct{}
}

type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// lead lets a controller begin to lead on the API server.
func lead(t *testing.T, api *secretsapi.Server, c *config.Config, change ...func(*Keeper)) *world {
	t.Helper()
	w := &world{T: t, Server: api, registry: prometheus.NewPedanticRegistry(), events: events.NewFakeRecorder(1000), log: &logs{}, ended: make(chan struct{})}
	core, err := corev1client.NewForConfig(api.Config())
	w.must(err)
	metadata, err := metadata.NewForConfig(api.Config())
	w.must(err)
	w.keeper = New(Options{
		Writer: ownedsecrets.New(core, w.registry), Metadata: metadata, ConfigMaps: core.ConfigMaps(own), Namespace: own,
		Metrics: w.registry, Events: w.events, Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	for _, f := range change {
		f(w.keeper)
	}
	w.keeper.Configure(c)
	ctx, stop := context.WithCancel(t.Context())
	w.stop = func() { stop(); <-w.ended }
	go func() {
		defer close(w.ended)
		_ = w.keeper.Start(ctx)
	}()
	t.Cleanup(w.stop)
	synctest.Wait()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// expect compares the names of all Secrets after what there is to do has been done.
func (w *world) expect(want ...string) {
	w.Helper()
	synctest.Wait()
	slices.Sort(want)
	if diff := cmp.Diff(want, w.Secrets()); diff != "" {
		w.Errorf("the Secrets (-want +got):\n%s\n%s", diff, w.log)
	}
}

// holds checks that a companion in ns has one password for the shared endpoint.
func (w *world) holds(name, word string) {
	w.Helper()
	synctest.Wait()
	s := w.Secret("ns", name)
	if s == nil {
		w.Errorf("there is no %s", name)
		return
	}
	want := string(pullsecrets.Content(shared, "ann", "password-"+word))
	if got := string(s.Data[pullsecrets.KeyDockerConfigJSON]); got != want {
		w.Errorf("%s holds %s and not %s", name, got, want)
	}
}

// did are the requests since the last call that aren't watches or lists, without those about the index.
func (w *world) did() []string {
	w.Helper()
	synctest.Wait()
	var all []string
	for _, r := range w.Requests() {
		if r.Verb != "watch" && r.Verb != "list" && r.Resource == "secrets" {
			all = append(all, fmt.Sprintf("%s %s", r.Verb, r.Name))
		}
	}
	w.Forget()
	return all
}

// index is the published index.
func (w *world) index() map[string]string { return w.ConfigMap(own, pullsecrets.IndexName) }

// value is that of a metric without labels; -1 where there is none.
func (w *world) value(name string) float64 {
	w.Helper()
	families, err := w.registry.Gather()
	w.must(err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return -1
}

// keepsSecrets fails where anything that people see has a password, plain or as a Secret has it.
func (w *world) keepsSecrets() {
	w.Helper()
	seen := w.log.String() + fmt.Sprint(w.index())
	for len(w.events.Events) > 0 {
		seen += <-w.events.Events
	}
	families, err := w.registry.Gather()
	w.must(err)
	for _, f := range families {
		seen += f.String()
	}
	for _, word := range []string{"password-", "ann", base64.StdEncoding.EncodeToString([]byte("ann:password-"))[:16], base64.StdEncoding.EncodeToString([]byte("password-"))} {
		if strings.Contains(seen, word) {
			w.Errorf("it shows %s:\n%s", word, seen)
		}
	}
}

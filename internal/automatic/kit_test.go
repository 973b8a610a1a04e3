package automatic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/failover"
	"github.com/registry-failover/registry-failover/internal/healthquorum"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shared = "cross-region.registry.io"
	other  = "other.registry.io"
)

var (
	hangzhou    = zone.Target{Instance: "hangzhou", Network: zone.Internal}
	zhangjiakou = zone.Target{Instance: "zhangjiakou", Network: zone.Internal}
)

// An outcome is what becomes of a write.
type outcome int

const (
	done outcome = iota
	// lost is carried out, and the answer doesn't come.
	lost
	// dropped is not carried out, and no answer comes.
	dropped
	// late is carried out some seconds later, if nobody has written meanwhile; no answer comes.
	late
	// denied is the API server's no.
	denied
)

// api is an API server of ConfigMaps, which refuses a write of what has been written since.
type api struct {
	corev1client.ConfigMapInterface
	mu       sync.Mutex
	maps     map[string]*corev1.ConfigMap
	versions int
	// fault says what becomes of a write; nil is done. before is called ahead of each.
	fault  func(name, key string) outcome
	before func(name, key string)
	// lag is how late the watch is.
	lag      time.Duration
	changed  chan struct{}
	requests int
	// wrote has each value that the switch got from an automatic write, by endpoint, and wroteAt when.
	wrote   map[string][]string
	pending sync.WaitGroup
}

var configmaps = schema.GroupResource{Resource: "configmaps"}

func (a *api) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.ConfigMap, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests++
	if m := a.maps[name]; m != nil {
		return m.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(configmaps, name)
}

func (a *api) Create(ctx context.Context, m *corev1.ConfigMap, _ metav1.CreateOptions) (*corev1.ConfigMap, error) {
	return nil, a.write(ctx, m.Name, m.Data, "")
}

func (a *api) Patch(ctx context.Context, name string, _ types.PatchType, text []byte, _ metav1.PatchOptions, _ ...string) (*corev1.ConfigMap, error) {
	var patch corev1.ConfigMap
	if err := json.Unmarshal(text, &patch); err != nil {
		return nil, err
	}
	return nil, a.write(ctx, name, patch.Data, patch.ResourceVersion)
}

func (a *api) write(ctx context.Context, name string, data map[string]string, version string) error {
	key := ""
	for key = range data {
	}
	a.mu.Lock()
	before := a.before
	a.mu.Unlock()
	if before != nil {
		before(name, key)
	}
	a.mu.Lock()
	a.requests++
	what := done
	if a.fault != nil {
		what = a.fault(name, key)
	}
	a.mu.Unlock()
	silence := errors.New("no answer in time")
	switch what {
	case denied:
		return apierrors.NewForbidden(configmaps, name, errors.New("a policy says no"))
	case dropped:
		return silence
	case late:
		a.pending.Go(func() {
			time.Sleep(3 * time.Second)
			_ = a.apply(name, data, version)
		})
		return silence
	}
	if err := a.apply(name, data, version); err != nil || what == done {
		return err
	}
	return silence
}

func (a *api) apply(name string, data map[string]string, version string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.maps[name]
	switch {
	case m == nil && version != "":
		return apierrors.NewNotFound(configmaps, name)
	case m != nil && version == "":
		return apierrors.NewAlreadyExists(configmaps, name)
	case m != nil && m.ResourceVersion != version:
		return apierrors.NewConflict(configmaps, name, errors.New("it was written"))
	}
	a.put(name, data)
	if name == inputs.SwitchName {
		for key, value := range data {
			a.wrote[key] = append(a.wrote[key], value)
		}
	}
	return nil
}

// put writes whatever stands, as a person does; a.mu is held.
func (a *api) put(name string, data map[string]string) {
	m := a.maps[name]
	if m == nil {
		m = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{}}
	} else {
		m = m.DeepCopy()
	}
	maps.Copy(m.Data, data)
	a.versions++
	m.ResourceVersion = fmt.Sprint(a.versions)
	a.maps[name] = m
	close(a.changed)
	a.changed = make(chan struct{})
}

// comesOut says what becomes of writes from now on, and what happens before each.
func (a *api) comesOut(fault func(name, key string) outcome, before func(name, key string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault, a.before = fault, before
}

// written are the values that the switch of an endpoint got from automatic mode.
func (a *api) written(endpoint string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.wrote[endpoint])
}

// person writes the switch of an endpoint.
func (a *api) person(endpoint, value string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(inputs.SwitchName, map[string]string{endpoint: value})
}

func (a *api) value(name, key string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m := a.maps[name]; m != nil {
		return m.Data[key]
	}
	return ""
}

// watch tells of the switch and the state as inputs.Kube does, late.
func (a *api) watch(ctx context.Context, publish func(inputs.Snapshot)) error {
	for {
		a.mu.Lock()
		var s inputs.Snapshot
		for name, object := range map[string]*inputs.Object{inputs.SwitchName: &s.Switch, inputs.StateName: &s.State} {
			object.Known = true
			if m := a.maps[name]; m != nil {
				object.Values, object.Mark = m.DeepCopy().Data, m.Annotations[inputs.UninstallAnnotation]
			}
		}
		changed, lag := a.changed, a.lag
		a.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lag):
		}
		publish(s)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// A world is a cluster with one endpoint, or two, in automatic mode and well.
type world struct {
	t      *testing.T
	api    *api
	config *config.Config
	ready  map[string]float64
	dns    map[string]zone.Records

	mu    sync.Mutex
	seen  map[string]sight // by endpoint and target
	deaf  bool
	log   strings.Builder
	first *leader
	// zones tells of PrivateZone beside DNS.
	zones PrivateZone
	// published says that the images are looked up in the status.
	published bool
	// says is what probers say, where they are played one by one.
	says func() map[healthreport.Key]healthquorum.Voices
	// quiet is how long it has led when the test begins: more than a dwell time.
	quiet time.Duration
}

type sight struct {
	level        healthreport.Level
	yes, against int
	since        time.Time
}

// A leader is a controller that leads.
type leader struct {
	*Controller
	events   *events.FakeRecorder
	registry *prometheus.Registry
	end      func()
}

// Ready is what a part in the same process tells.
func (w *world) Ready(string) map[string]float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ready
}

// change changes what the world is like.
func (w *world) change(edit func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	edit()
}

// play runs a test in a synctest bubble, in which automatic mode has led for a while.
func play(t *testing.T, edit func(*world), test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if edit != nil {
			edit(w)
		}
		w.first = w.lead()
		time.Sleep(w.quiet)
		test(w)
		w.first.end()
		w.api.pending.Wait()
	})
}

func newWorld(t *testing.T) *world {
	t.Helper()
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Failover.Mode = config.Automatic
	w := &world{
		t: t, config: cfg, quiet: 15 * time.Minute, seen: map[string]sight{}, ready: map[string]float64{"hangzhou": 1, "zhangjiakou": 1},
		dns: map[string]zone.Records{shared: {Addrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}}},
		api: &api{maps: map[string]*corev1.ConfigMap{}, changed: make(chan struct{}), wrote: map[string][]string{}},
	}
	w.api.person(shared, "privatezone")
	return w
}

// two gives the world a second endpoint, with the same instances.
func two(w *world) {
	second := w.config.Endpoints[0]
	second.Name = other
	w.config.Endpoints = append(w.config.Endpoints, second)
	w.dns[other] = w.dns[shared]
	w.api.person(other, "privatezone")
}

func (w *world) lead() *leader {
	l := &leader{events: events.NewFakeRecorder(1000), registry: prometheus.NewRegistry()}
	var ready Readiness = w
	if w.published {
		ready = nil
	}
	l.Controller = New(Options{
		Store: published.InConfigMaps(w.api), Watch: w.api.watch, Heard: w.heard, Ready: ready, PrivateZone: w.zones,
		Lookup: w.lookup, Namespace: "registry-failover", Events: l.events, Metrics: l.registry,
		Log: slog.New(slog.NewTextHandler(&locked{mu: &w.mu, to: &w.log}, nil)),
	})
	l.Configure(w.config)
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Start(ctx) }()
	l.end = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
	return l
}

type locked struct {
	mu *sync.Mutex
	to *strings.Builder
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func (w *world) lookup(_ context.Context, name string) (zone.Records, time.Duration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, known := w.dns[name]; known {
		return r, time.Minute, nil
	}
	return zone.Records{}, 0, errors.New("no such name")
}

// see lets three probers see an instance of an endpoint so from now on.
func (w *world) see(endpoint string, target zone.Target, level healthreport.Level, yes, against int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[endpoint+" "+target.String()] = sight{level, yes, against, time.Now()}
}

func (w *world) ill(endpoint string, target zone.Target) {
	w.see(endpoint, target, healthreport.Unreachable, 3, 0)
}

// heard is what the probers say: what isn't seen otherwise has been healthy since long.
func (w *world) heard() *healthquorum.Heard {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return nil
	}
	if w.says != nil {
		return &healthquorum.Heard{At: time.Now(), Wanted: 15, Of: w.says()}
	}
	h := &healthquorum.Heard{At: time.Now(), Wanted: 3, Of: map[healthreport.Key]healthquorum.Voices{}}
	for _, e := range w.config.Endpoints {
		for _, target := range []zone.Target{hangzhou, zhangjiakou, {Instance: "hangzhou", Network: zone.Public}} {
			s, otherwise := w.seen[e.Name+" "+target.String()]
			if !otherwise {
				s = sight{healthreport.Healthy, 3, 0, time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)}
			}
			v := healthquorum.Voices{Levels: map[healthreport.Level]int{s.level: s.yes}, Found: s.level, Since: s.since}
			for range s.yes {
				if s.level.Bad() {
					v.Bad = append(v.Bad, s.since)
				} else {
					v.Healthy = append(v.Healthy, s.since)
				}
			}
			for range s.against {
				if s.level.Bad() {
					v.Healthy = append(v.Healthy, s.since)
				} else {
					v.Bad = append(v.Bad, s.since)
				}
			}
			h.Of[healthreport.Key{Endpoint: e.Name, Instance: target.Instance, Network: target.Network}] = v
		}
	}
	return h
}

// leads is where an endpoint's switch leads now.
func (w *world) leads(endpoint string) zone.Target {
	w.t.Helper()
	sw, err := w.config.Zones()[0].ParseSwitch(w.api.value(inputs.SwitchName, endpoint))
	if err != nil {
		w.t.Fatal(err)
	}
	return sw.To
}

func (w *world) remembers(endpoint string) failover.State {
	w.t.Helper()
	s, err := failover.ParseState([]byte(w.api.value(inputs.AutomaticName, endpoint)))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) status(endpoint string) Status {
	w.t.Helper()
	var stands struct{ Automatic Status }
	if err := json.Unmarshal([]byte(w.api.value(inputs.StatusName, endpoint)), &stands); err != nil {
		w.t.Fatal(err)
	}
	return stands.Automatic
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (l *leader) told() []string {
	var all []string
	for {
		select {
		case e := <-l.events.Events:
			all = append(all, e)
		default:
			return all
		}
	}
}

package readiness

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/standin"
)

// auth is where the token service is.
const auth = "auth.registry.io"

// An instance is a registry in memory, which answers over pipes so that its time can be
// that of a test.
type instance struct {
	latency time.Duration
	conns   chan net.Conn
	server  *http.Server

	mutex     sync.Mutex
	manifests map[string]string // digest by repository:reference
	contents  map[string]string // of manifests and layers, by path
	guarded   bool              // wants a token, which its token service gives to everybody
	strict    bool              // as a token service, gives nobody a token
	logins    int               // credentials that were sent to it
	silent    bool
	failing   string // the image that it can't tell of
	requests  []time.Time
	paths     []string // of the requests
}

func newInstance(t *testing.T, a *standin.Authority) *instance {
	t.Helper()
	certificate, err := a.Server(shared, auth)
	must(t, err)
	i := &instance{conns: make(chan net.Conn), manifests: map[string]string{}}
	i.server = &http.Server{
		Handler: i, ReadHeaderTimeout: time.Minute, IdleTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
	}
	listener := tls.NewListener(i, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	go func() { _ = i.server.Serve(listener) }()
	return i
}

// Accept is part of net.Listener.
func (i *instance) Accept() (net.Conn, error) {
	conn, open := <-i.conns
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

// Close is part of net.Listener.
func (i *instance) Close() error {
	close(i.conns)
	return nil
}

// Addr is part of net.Listener.
func (i *instance) Addr() net.Addr { return &net.TCPAddr{} }

func (i *instance) dial() (net.Conn, error) {
	i.mutex.Lock()
	silent := i.silent
	i.mutex.Unlock()
	if silent {
		return nil, errors.New("no route to host")
	}
	client, server := net.Pipe()
	i.conns <- server
	return client, nil
}

// ServeHTTP answers as a registry does that is open to everybody.
func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mutex.Lock()
	i.requests, i.paths = append(i.requests, time.Now()), append(i.paths, r.URL.Path)
	silent := i.silent
	repository, reference, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/manifests/")
	digest, there := i.manifests[repository+":"+reference]
	fails := i.failing != "" && repository+":"+reference == i.failing
	guarded := i.guarded
	_, _, login := r.BasicAuth()
	if login {
		i.logins++
	}
	refused := i.strict
	content, stored := i.contents[r.URL.Path]
	i.mutex.Unlock()
	select {
	case <-time.After(i.latency):
	case <-r.Context().Done():
		return
	}
	switch {
	case silent:
		w.WriteHeader(http.StatusBadGateway)
	case r.URL.Path == "/token" && refused:
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/token":
		_, _ = io.WriteString(w, `{"token":"t","expires_in":300}`)
	case guarded && r.Header.Get("Authorization") != "Bearer t":
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+auth+`/token",service="test"`)
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/v2/":
	case fails:
		w.WriteHeader(http.StatusInternalServerError)
	case stored && r.Method == http.MethodGet:
		_, _ = io.WriteString(w, content)
	case there:
		w.Header().Set("Docker-Content-Digest", digest)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// has says what it has.
func (i *instance) has(image, digest string) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if digest == "" {
		delete(i.manifests, image)
		return
	}
	i.manifests[image] = digest
}

// stores has it have an image whole, of one layer, and returns its digest.
func (i *instance) stores(repository, layer string) string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	digestOf := func(text string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) }
	manifest := fmt.Sprintf(`{"layers":[{"digest":%q}]}`, digestOf(layer))
	if i.contents == nil {
		i.contents = map[string]string{}
	}
	i.contents["/v2/"+repository+"/manifests/1"] = manifest
	i.contents["/v2/"+repository+"/blobs/"+digestOf(layer)] = layer
	i.manifests[repository+":1"] = digestOf(manifest)
	return digestOf(manifest)
}

func (i *instance) fallSilent(silent bool) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.silent = silent
}

// knows has a token service know every credential.
func (i *instance) knows() {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.strict = false
}

// fails has it fail with an image.
func (i *instance) fails(image string) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.failing = image
}

// of is how many requests for an image have come since the time.
func (i *instance) of(image string, since time.Time) int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	n := 0
	for at, path := range i.paths {
		if i.requests[at].After(since) && path == "/v2/"+strings.Replace(image, ":", "/manifests/", 1) {
			n++
		}
	}
	return n
}

// count is how many requests have come since the time.
func (i *instance) count(since time.Time) int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	n := 0
	for _, at := range i.requests {
		if at.After(since) {
			n++
		}
	}
	return n
}

// busiest is how many requests have come within a second at most.
func (i *instance) busiest() int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	most, from := 0, 0
	for n, at := range i.requests {
		for at.Sub(i.requests[from]) >= time.Second {
			from++
		}
		most = max(most, n-from+1)
	}
	return most
}

// A world is a cluster and two instances, in a test's own time.
type world struct {
	t                     *testing.T
	hangzhou, zhangjiakou *instance
	auth                  *instance // the token service of both
	cluster               *fake.Clientset
	keeper                *Keeper
	metrics               *prometheus.Registry
	events                *events.FakeRecorder
	pages                 int
	mutex                 sync.Mutex // of the pods
}

// watchDrills makes the ConfigMap of drills, and gives what tells the keeper of it until
// ctx ends, as internal/drillkeeper does.
func (w *world) watchDrills(ctx context.Context) func() {
	maps := w.cluster.CoreV1().ConfigMaps("registry-failover")
	seen, err := maps.Watch(ctx, metav1.ListOptions{})
	must(w.t, err)
	_, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: DrillsName}}, metav1.CreateOptions{})
	must(w.t, err)
	return func() {
		defer seen.Stop()
		for {
			select {
			case event := <-seen.ResultChan():
				if m, is := event.Object.(*corev1.ConfigMap); is && m.Name == DrillsName {
					w.keeper.Asked(m.Data)
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// during has a Keeper lead while the test does something.
func during(t *testing.T, settings string, pods []*corev1.Pod, test func(*world)) {
	t.Helper()
	after(t, nil, settings, pods, test)
}

// after is during, with what a leader before has done to the world.
func after(t *testing.T, before func(*world), settings string, pods []*corev1.Pod, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		authority, err := standin.NewAuthority()
		must(t, err)
		w := &world{
			t: t, hangzhou: newInstance(t, authority), zhangjiakou: newInstance(t, authority), auth: newInstance(t, authority),
			cluster: fake.NewClientset(), metrics: prometheus.NewPedanticRegistry(), events: events.NewFakeRecorder(100),
		}
		w.list(pods)
		w.keeper = New(Options{
			Cluster: Cluster{w.cluster.CoreV1(), w.cluster.AppsV1(), w.cluster.BatchV1()}, Keys: w.cluster.CoreV1(), Namespace: "registry-failover",
			Store:  published.InConfigMaps(w.cluster.CoreV1().ConfigMaps("registry-failover")),
			Prober: w.prober(authority), Events: w.events, Metrics: w.metrics, Log: slog.New(slog.DiscardHandler),
		})
		must(t, w.keeper.Configure(w.config(settings)))
		if before != nil {
			before(w)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var led sync.WaitGroup
		led.Go(w.watchDrills(ctx))
		led.Go(func() {
			time.Sleep(time.Nanosecond) // what the test arranges before it waits for anything is there from the beginning
			if err := w.keeper.Start(ctx); err != nil {
				t.Error(err)
			}
		})
		test(w)
		cancel()
		led.Wait()
		must(t, w.hangzhou.server.Close())
		must(t, w.zhangjiakou.server.Close())
		must(t, w.auth.server.Close())
		time.Sleep(time.Minute) // a pipe whose other end is closed at the same time is waited for
	})
}

func (w *world) config(settings string) *config.Config {
	w.t.Helper()
	return parse(w.t, settings)
}

func (w *world) prober(a *standin.Authority) health.Prober {
	return health.Prober{
		Roots: a.Pool,
		Resolve: func(_ context.Context, name string) ([]netip.Addr, error) {
			if name != auth { // no public endpoint is there
				return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
			}
			return []netip.Addr{netip.MustParseAddr("10.9.0.10")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			switch {
			case strings.HasPrefix(address, "10.1."):
				return w.hangzhou.dial()
			case strings.HasPrefix(address, "10.2."):
				return w.zhangjiakou.dial()
			}
			return w.auth.dial()
		},
	}
}

// list has the API server list pods in pages, as a real one does.
func (w *world) list(pods []*corev1.Pod) {
	w.cluster.PrependReactor("list", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
		o := a.(clienttesting.ListActionImpl).ListOptions
		from := 0
		for _, c := range o.Continue {
			from = 10*from + int(c-'0')
		}
		if o.Limit < 1 || o.Limit > 500 {
			w.t.Errorf("a page of %d pods is asked for", o.Limit)
		}
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.pages++
		to := min(from+int(o.Limit), len(pods))
		page := &corev1.PodList{}
		for _, p := range pods[from:to] {
			page.Items = append(page.Items, *p.DeepCopy())
		}
		if to < len(pods) {
			page.Continue = itoa(to)
		}
		return true, page, nil
	})
}

// listed is how many pages were.
func (w *world) listed() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.pages
}

// runs has a pod run another digest.
func (w *world) runs(pod *corev1.Pod, digest string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	pod.Status.ContainerStatuses[0].ImageID = shared + "/demo/any@" + digest
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// status is what is published.
func (w *world) status() (Status, bool) {
	w.t.Helper()
	m, err := w.cluster.CoreV1().ConfigMaps("registry-failover").Get(w.t.Context(), inputs.StatusName, metav1.GetOptions{})
	if err != nil {
		return Status{}, false
	}
	s, there, err := ParseStatus(m.Data[shared])
	must(w.t, err)
	return s, there
}

// putStatus is what a leader before has told.
func putStatus(w *world, s Status) error {
	return published.PutStatus(w.t.Context(), w.keeper.Store, shared, StatusKey, s)
}

func (w *world) images() Images {
	w.t.Helper()
	m, err := w.cluster.CoreV1().ConfigMaps("registry-failover").Get(w.t.Context(), ImagesName, metav1.GetOptions{})
	must(w.t, err)
	images, err := ParseImages(m.Data[shared])
	must(w.t, err)
	return images
}

// expect waits for some time, and compares what is told of an instance.
func (w *world) expect(after time.Duration, instance string, want InstanceStatus) {
	w.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	s, _ := w.status()
	got, there := s.Find(instance)
	want.Instance, got.Oldest = instance, nil
	if got != want || !there {
		w.t.Errorf("%s: got %+v, not %+v", instance, got, want)
	}
}

// told are the Events since the last call.
func (w *world) told() []string {
	var all []string
	for {
		select {
		case e := <-w.events.Events:
			all = append(all, e)
		default:
			return all
		}
	}
}

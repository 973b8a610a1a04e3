package cloudreader

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	clienttesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/published"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// A stub is a cloud that says what it is told to.
type stub struct {
	zones     []alibaba.Zone
	err       error
	instances map[string]alibaba.Instance // by id; one that isn't there can't be read
	reads     int
	asked     []string // the regions of instances
	before    func()   // is called before each reading where it isn't nil
	dark      func()   // where it isn't nil, ACR doesn't answer, and it is called
}

func (s *stub) ReadZones(context.Context, string) ([]alibaba.Zone, error) {
	s.reads++
	if s.before != nil {
		s.before()
	}
	return s.zones, s.err
}

func (s *stub) ReadInstance(ctx context.Context, id, region string) (alibaba.Instance, error) {
	if s.dark != nil {
		s.dark()
		<-ctx.Done()
		return alibaba.Instance{}, ctx.Err()
	}
	s.asked = append(s.asked, region)
	i, there := s.instances[id]
	if !there {
		return alibaba.Instance{}, &alibaba.Error{Service: "cr", Action: "ListInstanceEndpoint", Kind: alibaba.Denied, Code: "NoPermission"}
	}
	return i, nil
}

// A world is a reader with the state that it writes.
type world struct {
	t *testing.T
	*Reader
	client  *fake.Clientset
	logs    *bytes.Buffer
	metrics *prometheus.Registry
}

const name = "cross-region.registry.io"

func newWorld(t *testing.T, c Cloud, state string) *world {
	t.Helper()
	client := fake.NewClientset()
	w := &world{t: t, client: client, logs: &bytes.Buffer{}, metrics: prometheus.NewRegistry()}
	w.Reader = New(Options{Cloud: c, Store: published.InConfigMaps(w.configMaps()), Metrics: w.metrics, Log: slog.New(slog.NewTextHandler(w.logs, nil))})
	w.Configure(w.example())
	if state != "" {
		w.put(state)
	}
	return w
}

func (w *world) example() *config.Config {
	w.t.Helper()
	c, err := config.Parse([]byte(twoRegions))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) configMaps() corev1client.ConfigMapInterface {
	return w.client.CoreV1().ConfigMaps("registry-failover")
}

func (w *world) put(state string) {
	w.t.Helper()
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: inputs.StateName, ResourceVersion: "7"}, Data: map[string]string{name: state, "other.registry.io": "{}"}}
	if _, err := w.configMaps().Create(w.t.Context(), c, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) state() string {
	w.t.Helper()
	c, err := w.configMaps().Get(w.t.Context(), inputs.StateName, metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Data[name]
}

func (w *world) zones() map[string]zone.Records {
	w.t.Helper()
	s, err := zone.ParseState([]byte(w.state()))
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Zones
}

func (w *world) writes() int {
	n := 0
	for _, a := range w.client.Actions() {
		if p, ok := a.(clienttesting.PatchActionImpl); ok && p.Name == inputs.StateName {
			n++
		}
	}
	return n
}

func sameAddr(a, b netip.Addr) bool { return a == b }

const twoRegions = `apiVersion: registry-failover.io/v1alpha1
kind: Config
cluster: {vpcID: vpc-bbbbb, region: cn-zhangjiakou}
privateZone: {source: API}
credentials: {provider: ECSRAMRole}
endpoints:
- name: cross-region.registry.io
  primary: zhangjiakou
  instances:
  - name: hangzhou
    id: cri-aaaaa
    region: cn-hangzhou
    publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com
    internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com
    network: internal
    vpcID: vpc-aaaaa
  - name: zhangjiakou
    id: cri-bbbbb
    region: cn-zhangjiakou
    publicEndpoint: b-registry.cn-zhangjiakou.cr.aliyuncs.com
    internalEndpoint: b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com
    network: internal
    vpcID: vpc-bbbbb
`

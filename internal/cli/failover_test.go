package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/registry-failover/registry-failover/internal/cli"
	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// These are the further paths that failover asks for.
const (
	statePath   = "/api/v1/namespaces/registry-failover/configmaps/registry-failover-state"
	reviewsPath = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
)

// switched is an API server whose switch can be thrown, and whose nodes follow at once.
type switched struct {
	api
	t        *testing.T
	endpoint zone.Endpoint

	mu      sync.Mutex
	value   string
	version int
	// changed is when the value was written last.
	changed time.Time
	// stays is a node that doesn't follow, and serves who answers on the others.
	stays string
	serve string
	// deny refuses to write.
	deny bool
	// behind is how far the clock here is ahead of the API server's.
	behind time.Duration
}

func newSwitched(t *testing.T, value string) *switched {
	t.Helper()
	s := &switched{api: statusAPI(t), t: t, value: value, changed: time.Now().Add(-time.Hour)}
	s.endpoint = zone.Endpoint{Name: shared, Instances: []zone.Instance{
		{Name: "hangzhou", Network: zone.Internal, PublicEndpoint: "a.example.com", InternalAddrs: []netip.Addr{netip.MustParseAddr("10.1.0.10")}},
		{Name: "zhangjiakou", Network: zone.Internal, PublicEndpoint: "b.example.com", InternalAddrs: []netip.Addr{netip.MustParseAddr("10.2.0.10")}},
	}}
	nodes := s.api[nodesPath].(corev1.NodeList)
	for n, name := range []string{"node-a", "node-g", "node-j"} { // of which node-g moves with a share of 10
		nodes.Items[n].Name = name
	}
	s.api[statusPath] = toldOf(`{"version":1,"readiness":{"at":"$NOW","complete":true,"images":40,"instances":[` +
		`{"instance":"hangzhou","present":39,"missing":1,"share":0.975,"podsBlocked":2},{"instance":"zhangjiakou","present":40,"share":1}]},` + ofZone + `,` + ofHealth + `}`)
	s.api[statePath] = corev1.ConfigMap{}
	s.api[reviewsPath] = authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: authenticationv1.UserInfo{Username: "alice"}}}
	return s
}

func (s *switched) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Date", time.Now().Add(-s.behind).UTC().Format(http.TimeFormat))
	switch r.URL.Path {
	case switchPath:
		s.serveSwitch(w, r)
	case leasesPath:
		api{leasesPath: coordinationv1.LeaseList{Items: chosen(s.t, r, s.leases())}}.ServeHTTP(w, r)
	default:
		s.api.ServeHTTP(w, r)
	}
}

// chosen are those that the request's selector chooses.
func chosen(t *testing.T, r *http.Request, leases []coordinationv1.Lease) []coordinationv1.Lease {
	t.Helper()
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		t.Error(err)
	}
	return slices.DeleteFunc(leases, func(l coordinationv1.Lease) bool { return !selector.Matches(labels.Set(l.Labels)) })
}

func (s *switched) serveSwitch(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPatch {
		if s.deny {
			api{}.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		var patch struct {
			Metadata struct{ ResourceVersion string }
			Data     map[string]string
		}
		if err := json.Unmarshal(body, &patch); err != nil || patch.Metadata.ResourceVersion != strconv.Itoa(s.version) || len(patch.Data) != 1 {
			s.t.Errorf("the patch %s of version %d", body, s.version)
		}
		s.value, s.changed = patch.Data[shared], time.Now()
		s.version++
	}
	at := metav1.NewTime(s.changed)
	object := corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: "registry-failover", ResourceVersion: strconv.Itoa(s.version),
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl-patch", Time: &at, FieldsV1: metav1.NewFieldsV1(`{"f:data":{"f:` + shared + `":{}}}`)}},
		},
		Data: map[string]string{shared: s.value},
	}
	api{switchPath: object}.ServeHTTP(w, r)
}

// leases are the nodes' reports, and of a prober on each.
func (s *switched) leases() []coordinationv1.Lease {
	sw, err := s.endpoint.ParseSwitch(s.value)
	if err != nil {
		sw, _ = s.endpoint.ParseSwitch("privatezone")
	}
	var all []coordinationv1.Lease
	for _, name := range []string{"node-a", "node-g", "node-j"} {
		value, target := s.value, sw.Target(shared, name)
		if name == s.stays {
			value = "earlier"
		}
		lease := leaseOf(name, value, target.String(), nodereport.Applied)
		lease.Labels = nodereport.Labels()
		serving := target.Instance
		if serving == "" {
			serving = "zhangjiakou"
		}
		if s.serve != "" {
			serving = s.serve
		}
		node, renewed := name, metav1.NewMicroTime(time.Now().Add(-s.behind))
		prober := coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: "prober-" + name, Labels: healthreport.Labels(), Annotations: map[string]string{
				healthreport.HealthAnnotation: `{"version":1,"instances":[],"serving":[{"endpoint":"` + shared + `","serving":"` + serving + `","reason":"by the hosts file"}]}`,
			}},
			Spec: coordinationv1.LeaseSpec{HolderIdentity: &node, RenewTime: &renewed},
		}
		all = append(all, lease, prober)
	}
	return all
}

// run runs a verb against the API server.
func (s *switched) run(args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	s.t.Setenv("KUBECONFIG", filepath.Join(s.t.TempDir(), "none"))
	var out, err bytes.Buffer
	code = cli.Run(s.t.Context(), append(args, "--server", server.URL, "--wave-pause", "0s"), nil, &out, &err)
	return code, out.String(), err.String()
}

// same replaces what is different each time.
func same(t *testing.T, output string) string {
	t.Helper()
	output = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).ReplaceAllString(output, "https://10.0.0.1:6443")
	output = regexp.MustCompile(`in \d+\.\d s`).ReplaceAllString(output, "in 1.2 s")
	output = regexp.MustCompile(`"seconds": [0-9.e-]+`).ReplaceAllString(output, `"seconds": 1.2`)
	output = regexp.MustCompile(`changed at [^,"]+,`).ReplaceAllString(output, "changed at 2026-11-23T02:00:00Z,")
	output = regexp.MustCompile(`reported at [^,]+,`).ReplaceAllString(output, "reported at 2026-11-23T02:00:00Z,")
	return regexp.MustCompile(`changed \d+[ms0-9.]* ago`).ReplaceAllString(output, "changed 2m0s ago")
}

func TestGoldenFilesOfFailover(t *testing.T) {
	waves := []string{"failover", "--to", "hangzhou", "--waves", "10,100", "--reason", "zhangjiakou pulls time out"}
	for file, test := range map[string]struct {
		edit func(s *switched)
		args []string
		code int
	}{
		"failover.txt":  {nil, waves, 0},
		"failover.json": {nil, append(waves, "-o", "json"), 0},
		"refused.txt": {
			func(s *switched) { s.changed = time.Now().Add(-2 * time.Minute) }, []string{"failover", "--to", "hangzhou/public"}, 1,
		},
		"dry-run.txt": {func(s *switched) { s.deny = true }, append(waves, "--dry-run", "--until", "2126-11-23T02:00:00Z"), 0},
		"stopped.txt": {func(s *switched) { s.stays = "node-a" }, append(waves, "--timeout", "300ms"), 1},
		"failback.txt": {
			func(s *switched) { s.value = "to: hangzhou\nreason: storm\nset-by: bob" }, []string{"failback", "--override", "target-healthy"}, 0,
		},
	} {
		t.Run(file, func(t *testing.T) {
			s := newSwitched(t, "privatezone")
			if test.edit != nil {
				test.edit(s)
			}
			code, stdout, stderr := s.run(test.args...)
			if code != test.code {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			compareGolden(t, filepath.Join("../../testdata/failover", file), same(t, stdout))
		})
	}
}

func TestFailoverPageShowsTheGoldenFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/failover.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"failover.txt", "stopped.txt"} {
		golden, err := os.ReadFile(filepath.Join("../../testdata/failover", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page, golden) {
			t.Errorf("docs/failover.md doesn't show testdata/failover/%s", name)
		}
	}
}

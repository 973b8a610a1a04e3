package cli_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/cli"
	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// These are the further paths that status asks for.
const (
	switchPath = "/api/v1/namespaces/registry-failover/configmaps/registry-failover"
	drillsPath = "/api/v1/namespaces/registry-failover/configmaps/registry-failover-drills"
	leasesPath = "/apis/coordination.k8s.io/v1/namespaces/registry-failover/leases"
)

const shared = "cross-region.registry.io"

// begun is when the block of every node became what it is.
var begun = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func leaseOf(node, sw, target, hosts string) coordinationv1.Lease {
	report := nodereport.Report{
		Answers: map[string]nodereport.Answer{shared: {Switch: nodereport.Hash(sw), Target: target}},
		Hosts:   hosts, Since: begun, Version: "v0.1.0",
	}
	renewed := metav1.NewMicroTime(time.Now().Add(-2*time.Minute - 10*time.Second))
	return coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: node, Annotations: report.Annotations()},
		Spec:       coordinationv1.LeaseSpec{RenewTime: &renewed},
	}
}

// thrown is what on-call staff has written into the switch.
const thrown = "to: hangzhou\nreason: zhangjiakou pulls time out\nset-by: oncall"

// thrownBy is a switch that a field manager has written some minutes ago.
func thrownBy(manager, value string) corev1.ConfigMap {
	at := metav1.NewTime(time.Now().Add(-4*time.Minute - 10*time.Second))
	return corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &at,
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:data":{".":{},"f:` + shared + `":{}}}`),
		}}},
		Data: map[string]string{shared: value},
	}
}

// statusAPI has three nodes: one can't write its hosts file.
func statusAPI(t *testing.T) api {
	t.Helper()
	node := func(name string) corev1.Node {
		return corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}},
		}
	}
	virtual := node("virtual")
	virtual.Labels = map[string]string{"type": "virtual-kubelet"}
	proxy := func(node string, after time.Duration) corev1.Pod {
		isController := true
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "kube-system", Name: "kube-proxy-" + node,
				OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Name: "kube-proxy", Controller: &isController}},
			},
			Spec: corev1.PodSpec{HostNetwork: true, NodeName: node},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
				{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(begun.Add(after))}}},
			}},
		}
	}
	config := stragglersAPI(t)[configPath]
	return api{
		configPath: config,
		switchPath: thrownBy("kubectl-patch", thrown+"\n"),
		nodesPath:  corev1.NodeList{Items: []corev1.Node{node("node-a"), node("node-b"), node("node-c"), virtual}},
		leasesPath: coordinationv1.LeaseList{Items: []coordinationv1.Lease{
			leaseOf("node-a", thrown, "hangzhou/internal", nodereport.Applied),
			leaseOf("node-b", thrown, "hangzhou/internal", `hosts file "/host/etc/hosts" can't be replaced: read-only file system`),
			leaseOf("node-c", thrown, "hangzhou/internal", nodereport.Applied),
		}},
		podsPath:   corev1.PodList{Items: []corev1.Pod{proxy("node-a", -time.Hour), proxy("node-b", time.Hour), proxy("node-c", -time.Hour)}},
		statusPath: toldOf(`{"version":1,` + ofZone + `,` + ofHealth + `,` + ofAutomatic + `,` + ofReadiness + `}`),
		drillsPath: toldOf(`{"version":1,"instances":{"hangzhou":{"lastSuccess":"$NOW","last":{"begin":"$NOW","by":"alice","succeeded":true}}}}`),
	}
}

// statusOf runs the verb against an API server.
func statusOf(t *testing.T, handler http.Handler, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	var out, err bytes.Buffer
	code = cli.Run(t.Context(), append([]string{"status", "--server", server.URL}, args...), nil, &out, &err)
	return code, out.String(), err.String()
}

func TestGoldenFilesOfStatus(t *testing.T) {
	for file, args := range map[string][]string{"status.txt": nil, "status.json": {"-o", "json"}} {
		t.Run(file, func(t *testing.T) {
			code, got, stderr := statusOf(t, statusAPI(t), args...)
			if code != 1 || stderr != shared+": 2 of 3 nodes switched\n" {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			compareGolden(t, filepath.Join("../../testdata/status", file), timeless(t, got))
		})
	}
}

// TestEveryPartTellsItsAge: what the controller told long ago is no news.
func TestEveryPartTellsItsAge(t *testing.T) {
	a := statusAPI(t)
	a[statusPath] = toldOf(`{"version":1,` + ofHealth + `,` + ofAutomatic + `,` + ofReadiness + `,` + strings.Replace(ofStuck, `"pods":0`, `"pods":1`, 1) + `}`)
	_, text, _ := statusOf(t, a)
	for _, want := range []string{
		" for 4 min, by oncall", ", oldest report 2 min ago\n", "\n  health as of 4 min ago", "\n  images as of 4 min ago\n", "; as of 4 min ago\n",
		"\n  waiting pods as of 4 min ago\n", "drill of hangzhou: succeeded 4 min ago",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
}

func TestStatusPageShowsTheGoldenFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/status.md")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("../../testdata/status/status.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, golden) {
		t.Error("docs/status.md doesn't show testdata/status/status.txt")
	}
}

// slowly gives an API server whose switch is another value until it was read n times.
func slowly(a api, n int64) http.Handler {
	var reads atomic.Int64
	earlier := corev1.ConfigMap{Data: map[string]string{shared: "zhangjiakou"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == switchPath && reads.Add(1) <= n {
			api{switchPath: earlier}.ServeHTTP(w, r)
			return
		}
		a.ServeHTTP(w, r)
	})
}

func TestStatusWaits(t *testing.T) {
	a := statusAPI(t)
	leases := a[leasesPath].(coordinationv1.LeaseList)
	leases.Items[1] = leaseOf("node-b", thrown, "hangzhou/internal", nodereport.Applied)
	code, stdout, stderr := statusOf(t, slowly(a, 1), "--wait")
	if code != 0 || !strings.Contains(stdout, "  √ 3 of 3 nodes switched in 0.") || stderr != shared+": 0 of 3 nodes switched\n" {
		t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
	}
	code, stdout, stderr = statusOf(t, a, "--wait", "-o", "json")
	if code != 0 || !strings.Contains(stdout, `"seconds": 0.`) || stderr != "" {
		t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
	}
}

func TestStatusWaitsNoLongerThanAsked(t *testing.T) {
	code, stdout, stderr := statusOf(t, statusAPI(t), "--wait", "--timeout", "300ms")
	if code != 3 || !strings.Contains(stdout, "  × 2 of 3 nodes switched, oldest report 2 min ago\n    node-b: hosts file ") {
		t.Errorf("exit code %d\nstdout %s", code, stdout)
	}
	if want := shared + ": 2 of 3 nodes switched\nafter 300ms: " + shared + ": 2 of 3 nodes switched\n"; stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

func TestStatusWaitsForAnAPIServerThatFails(t *testing.T) {
	a := statusAPI(t)
	a[nodesPath] = corev1.NodeList{Items: a[nodesPath].(corev1.NodeList).Items[:1]}
	var reads atomic.Int64
	code, stdout, stderr := statusOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == leasesPath && reads.Add(1) == 1 {
			http.Error(w, "etcd is away", http.StatusInternalServerError)
			return
		}
		a.ServeHTTP(w, r)
	}), "--wait")
	if code != 0 || !strings.Contains(stdout, "  √ 1 of 1 node switched in ") || !strings.HasPrefix(stderr, "the nodes' reports can't be listed: ") {
		t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
	}
}

func TestStatusWaitsNotForEverForAnAPIServerThatIsSilent(t *testing.T) {
	a := statusAPI(t)
	code, stdout, stderr := statusOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == switchPath {
			<-r.Context().Done()
			return
		}
		a.ServeHTTP(w, r)
	}), "--wait", "--timeout", "100ms")
	if code != 3 || stdout != "" || !strings.HasPrefix(stderr, "the switch can't be read: ") {
		t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
	}
}

func TestStatusWithoutSomething(t *testing.T) {
	edited := func(edit func(a api)) api {
		a := statusAPI(t)
		edit(a)
		return a
	}
	off := func(a api) {
		c := a[configPath].(corev1.ConfigMap)
		c.Data = map[string]string{"config.yaml": c.Data["config.yaml"] + "\nnode: {hosts: \"Off\"}\n"}
		a[configPath] = c
	}
	for sentence, test := range map[string]struct {
		api            api
		args           []string
		code           int
		stdout, stderr string // what they have; with "" they are empty
	}{
		"the right to list pods": {edited(func(a api) { delete(a, podsPath) }), []string{"-o", "json"}, 1, `"pods": null`, "you may not list pods"},
		"pods that can be listed": {edited(func(a api) {
			a[podsPath] = metav1.Status{Status: metav1.StatusFailure, Message: "etcd is away", Code: http.StatusInternalServerError}
		}), []string{"-o", "json"}, 1, `"pods": null`, "the pods on the host network can't be listed, so that it isn't known which keep a copy of an earlier hosts file: etcd is away\n"},
		"the right to list nodes":      {edited(func(a api) { delete(a, nodesPath) }), nil, 2, "\n  ? the nodes can't be listed: you lack the right to list nodes in the whole cluster\n  √ PrivateZone leads to the primary zhangjiakou, read 4 min ago\n  health as of 4 min ago", "the nodes can't be listed: "},
		"the right to list Leases":     {edited(func(a api) { delete(a, leasesPath) }), []string{"-o", "json"}, 2, `"nodesProblem": "the nodes' reports can't be listed: `, "you lack the right to list leases.coordination.k8s.io in the namespace registry-failover\n"},
		"it, and waiting for nodes":    {edited(func(a api) { delete(a, leasesPath) }), []string{"--wait"}, 2, "", "the nodes' reports can't be listed: "},
		"the right to read the switch": {edited(func(a api) { delete(a, switchPath) }), nil, 2, "", "the switch can't be read: "},
		"the product":                  {statusAPI(t), []string{"-n", "elsewhere"}, 2, "", "the product's namespace is named with --namespace: "},
		"a switch": {
			edited(func(a api) {
				a[switchPath] = metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound}
			}), nil, 1, "the switch has no value: the controller writes it anew: what was valid last is in force", "the switch has no value",
		},
		"a hosts file on the nodes": {edited(off), nil, 0, "‼ no node reports: node.hosts is Off", ""},
		"a known format":            {statusAPI(t), []string{"-o", "yaml"}, 2, "", `output format "yaml": must be table or json`},
		"sense: an end":             {statusAPI(t), []string{"--wait", "-w"}, 2, "", "--wait ends and --watch doesn't: give one of them"},
		"sense: an argument":        {statusAPI(t), []string{shared}, 2, "", "status tells of all endpoints"},
		"sense: a timeout alone":    {statusAPI(t), []string{"--timeout", "1s"}, 2, "", "--timeout needs --wait"},
		"sense: images to wait for": {statusAPI(t), []string{"--images", "--wait"}, 2, "", "--images goes without --wait"},
		"sense: no time to wait":    {statusAPI(t), []string{"--wait", "--timeout", "0s"}, 2, "", "must be longer than nothing"},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, stdout, stderr := statusOf(t, test.api, test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
			}
			if (stdout == "") != (test.stdout == "") || (stderr == "") != (test.stderr == "") {
				t.Errorf("stdout %q, stderr %q", stdout, stderr)
			}
		})
	}
}

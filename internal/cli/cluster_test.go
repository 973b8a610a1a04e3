package cli_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/cli"
)

// api serves objects by path, and refuses all others. It has no protobuf, but wants to be
// asked for it where there may be many large ones.
type api map[string]any

func (a api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	object, allowed := a[r.URL.Path]
	many := strings.HasSuffix(r.URL.Path, "/pods") || strings.HasSuffix(r.URL.Path, "/nodes") || strings.HasSuffix(r.URL.Path, "/namespaces")
	if many && !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf,") {
		object = metav1.Status{Status: metav1.StatusFailure, Message: "asked for " + r.Header.Get("Accept"), Code: http.StatusNotAcceptable}
	} else if !allowed {
		object = metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonForbidden, Message: "no right to " + r.URL.Path, Code: http.StatusForbidden}
	}
	w.Header().Set("Content-Type", "application/json")
	if status, failed := object.(metav1.Status); failed {
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		w.WriteHeader(int(status.Code))
		object = status
	}
	_ = json.NewEncoder(w).Encode(object)
}

// These are the paths that explain --cluster asks for.
const (
	configPath     = "/api/v1/namespaces/registry-failover/configmaps/registry-failover-config"
	podsPath       = "/api/v1/pods"
	namespacesPath = "/api/v1/namespaces"
	nodesPath      = "/api/v1/nodes"
)

// stragglersAPI has a Deployment of two pods that nobody rewrote, and one pod of each other reason.
func stragglersAPI(t *testing.T) api {
	t.Helper()
	config, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	pod := func(namespace, name string, edit func(*corev1.Pod), images ...string) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
		for _, image := range images {
			p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Image: image, ImagePullPolicy: corev1.PullIfNotPresent})
		}
		if edit != nil {
			edit(&p)
		}
		return p
	}
	deployed := func(p *corev1.Pod) {
		isController := true
		p.Labels = map[string]string{"pod-template-hash": "6d4b"}
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-6d4b", Controller: &isController}}
	}
	optOut := func(p *corev1.Pod) { p.Labels = map[string]string{"registry-failover.io/rewrite": "false"} }
	never := func(p *corev1.Pod) { p.Spec.Containers[0].ImagePullPolicy = corev1.PullNever }
	mirror := func(p *corev1.Pod) { p.Annotations = map[string]string{"kubernetes.io/config.mirror": "x"} }
	const image = source + "/demo/web:1"
	return api{
		configPath: corev1.ConfigMap{Data: map[string]string{"config.yaml": string(config)}},
		podsPath: corev1.PodList{Items: []corev1.Pod{
			pod("shop", "web-6d4b-b", deployed, image, "nginx"), pod("shop", "web-6d4b-a", deployed, image),
			pod("shop", "operator", optOut, image), pod("legacy", "old", nil, image), pod("trial", "audited", nil, image), pod("shop", "local", never, image),
			pod("kube-system", "static", mirror, image), pod("shop", "done", nil, "cross-region.registry.io/demo/web:1"),
			pod("shop", "new", nil, source+"/demo/other:1"),
		}},
		namespacesPath: corev1.NamespaceList{Items: []corev1.Namespace{
			{ObjectMeta: metav1.ObjectMeta{Name: "legacy", Labels: map[string]string{"registry-failover.io/rewrite": "false"}}},
			{ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
			{ObjectMeta: metav1.ObjectMeta{Name: "trial", Labels: map[string]string{"registry-failover.io/enforcement": "Audit"}}},
		}},
		nodesPath: corev1.NodeList{Items: []corev1.Node{
			{Status: corev1.NodeStatus{Images: []corev1.ContainerImage{{Names: []string{image}}}}},
		}},
	}
}

// explainCluster runs the verb against an API server.
func explainCluster(t *testing.T, a api, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	server := httptest.NewServer(a)
	defer server.Close()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	var out, err bytes.Buffer
	code = cli.Run(t.Context(), append([]string{"explain", "--cluster", "--server", server.URL}, args...), nil, &out, &err)
	return code, out.String(), err.String()
}

func TestGoldenFilesOfACluster(t *testing.T) {
	for file, args := range map[string][]string{"cluster.txt": nil, "cluster.json": {"-o", "json"}} {
		t.Run(file, func(t *testing.T) {
			code, got, stderr := explainCluster(t, stragglersAPI(t), args...)
			if code != 0 || stderr != "" {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			compareGolden(t, filepath.Join(golden, file), got)
		})
	}
}

func TestWhatTheCallerMayNotRead(t *testing.T) {
	without := func(path string) api {
		a := stragglersAPI(t)
		delete(a, path)
		return a
	}
	ofShop := without(podsPath)
	ofShop["/api/v1/namespaces/shop/pods"] = stragglersAPI(t)[podsPath]
	ofShop["/api/v1/namespaces/shop"] = corev1.Namespace{}
	gone := stragglersAPI(t)
	gone["/api/v1/namespaces/shop"] = metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Message: "no such namespace", Code: http.StatusNotFound}
	slow := stragglersAPI(t)
	slow[podsPath] = metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonTimeout, Message: "too slow", Code: http.StatusGatewayTimeout}
	for sentence, test := range map[string]struct {
		api    api
		args   []string
		code   int
		stdout string // what it has; with "" it is empty
		stderr string
	}{
		"nodes: they are left out": {without(nodesPath), []string{"-o", "json"}, 0, `"pullAgain": null`, "you may not read nodes, so that it isn't known which images they pull again"},
		"namespaces: their labels aren't known": {
			without(namespacesPath), nil, 0, "legacy: Pod/old\n  " + source + "/demo/web:1\n    1 pod: → ", "you may not read namespaces, so that their labels aren't known",
		},
		"all pods: one namespace will do":        {without(podsPath), nil, 2, "", "name a namespace of yours with --namespace: list pods: you lack the right to list pods in the whole cluster"},
		"with one namespace only that is read":   {ofShop, []string{"-n", "shop"}, 0, "shop: Deployment/web", ""},
		"a namespace that doesn't exist":         {gone, []string{"-n", "shop"}, 2, "", "get namespace shop: no such namespace"},
		"the configuration: a file will do":      {without(configPath), nil, 2, "", "name a file with --config: the configuration of the cluster can't be read: you lack the right to get configmaps/registry-failover-config in the namespace registry-failover"},
		"the configuration, and there is a file": {without(configPath), []string{"--config", exampleConfig}, 0, "shop: Deployment/web", ""},
		"an API server that is too slow":         {slow, nil, 3, "", "list pods: too slow"},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, stdout, stderr := explainCluster(t, test.api, test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit code %d\nstdout %s\nstderr %s", code, stdout, stderr)
			}
			if (stdout == "") != (test.stdout == "") || (stderr == "") != (test.stderr == "") || strings.Count(stderr, "\n") > 1 {
				t.Errorf("stdout %q, stderr %q", stdout, stderr)
			}
		})
	}
}

// TestPodsOfAnOwnerWithTwoPullPolicies: one entry has both pods, and tells of the nodes of one.
func TestPodsOfAnOwnerWithTwoPullPolicies(t *testing.T) {
	a := stragglersAPI(t)
	pods := a[podsPath].(corev1.PodList)
	pods.Items[1].Spec.Containers[0].ImagePullPolicy = corev1.PullAlways
	code, stdout, stderr := explainCluster(t, a)
	want, err := os.ReadFile(filepath.Join(golden, "cluster.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), stdout); code != 0 || stderr != "" || diff != "" {
		t.Errorf("exit code %d, stderr %q\n%s", code, stderr, diff)
	}
}

// TestAClusterInAudit: no pod gets a new name, and a file tells what Enforce would do.
func TestAClusterInAudit(t *testing.T) {
	a := stragglersAPI(t)
	enforce := a[configPath].(corev1.ConfigMap).Data["config.yaml"]
	a[configPath] = corev1.ConfigMap{Data: map[string]string{"config.yaml": enforce + "admission: {enforcement: Audit}\n"}}
	code, stdout, stderr := explainCluster(t, a)
	if code != 0 || stderr != "" || strings.Contains(stdout, "→") || strings.Count(stdout, "unchanged: enforcement is Audit") != 3 {
		t.Errorf("exit code %d, stderr %q\n%s", code, stderr, stdout)
	}
	want, err := os.ReadFile(filepath.Join(golden, "cluster.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, stdout, _ = explainCluster(t, a, "--config", exampleConfig)
	if diff := cmp.Diff(string(want), stdout); diff != "" {
		t.Error(diff)
	}
}

func TestAClusterWithoutStragglers(t *testing.T) {
	a := stragglersAPI(t)
	a[podsPath] = corev1.PodList{}
	code, stdout, stderr := explainCluster(t, a, "-o", "json")
	if code != 0 || stdout != "[]\n" || stderr != "no unfinished pod names a source host\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

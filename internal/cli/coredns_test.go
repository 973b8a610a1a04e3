package cli_test

import (
	"bytes"
	"io"
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

// These are the paths that coredns asks for, besides the configuration's.
const (
	servicePath   = "/api/v1/namespaces/registry-failover/services/registry-failover-resolver-dns"
	corefilePath  = "/api/v1/namespaces/kube-system/configmaps/coredns"
	managedPath   = "/apis/networking.alibabacloud.com/v1beta1"
	nodeLocalPath = "/apis/apps/v1/namespaces/kube-system/daemonsets/node-local-dns"
)

var notFound = metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Message: "not there", Code: http.StatusNotFound}

// dnsAPI has a CoreDNS as Kubernetes installs it.
func dnsAPI(t *testing.T, corefile string) api {
	t.Helper()
	config, err := os.ReadFile(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	return api{
		configPath:    corev1.ConfigMap{Data: map[string]string{"config.yaml": string(config)}},
		servicePath:   corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: "172.16.0.53"}},
		corefilePath:  corev1.ConfigMap{Data: map[string]string{"Corefile": corefile}},
		managedPath:   notFound,
		nodeLocalPath: notFound,
	}
}

// coredns runs the verb against an API server, and returns what was written there as well.
func coredns(t *testing.T, a api, args ...string) (code int, stdout, stderr, written string) {
	t.Helper()
	var body bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			_, _ = io.Copy(&body, r.Body)
		}
		a.ServeHTTP(w, r)
	}))
	defer server.Close()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	var out, err bytes.Buffer
	code = cli.Run(t.Context(), append([]string{"coredns", "--server", server.URL}, args...), nil, &out, &err)
	return code, out.String(), err.String(), body.String()
}

const wantedStanza = `# BEGIN registry-failover
cross-region.registry.io:53 {
    errors
    forward . 172.16.0.53 /etc/resolv.conf {
        policy sequential
        prefer_udp
    }
}
# END registry-failover
`

func TestCoreDNSPrintsWhatItWouldAdd(t *testing.T) {
	code, stdout, stderr, written := coredns(t, dnsAPI(t, ".:53 {\n}\n"), "--print")
	if code != 0 || stderr != "" || written != "" {
		t.Errorf("exit code %d, %q was written: %s", code, written, stderr)
	}
	if diff := cmp.Diff(wantedStanza, stdout); diff != "" {
		t.Error(diff)
	}
	managed := dnsAPI(t, "")
	managed[managedPath] = metav1.APIResourceList{APIResources: []metav1.APIResource{{Name: "customdnsconfigs", Kind: "CustomDNSConfig"}}}
	_, stdout, _, _ = coredns(t, managed, "--print")
	want := `apiVersion: networking.alibabacloud.com/v1beta1
kind: CustomDNSConfig
metadata:
  name: default
spec:
  zones:
  - forward:
      upstreams:
      - 172.16.0.53
    name: cross-region.registry.io
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
}

func TestCoreDNSTellsWhatBecameOfIt(t *testing.T) {
	const reloading = ".:53 {\n    reload\n}\n"
	without := func(path string, object any) api {
		a := dnsAPI(t, reloading)
		a[path] = object
		return a
	}
	for sentence, test := range map[string]struct {
		api     api
		flag    string
		code    int
		says    string
		written string // what it has; with "" nothing is written
	}{
		"the stanza is added":         {dnsAPI(t, reloading), "--apply", 0, "ConfigMap kube-system/coredns leads cross-region.registry.io to 172.16.0.53; its annotation registry-failover.io/corefile has the Corefile without that.\nCoreDNS reads a change within about two minutes.\n", `policy sequential\n`},
		"it is there":                 {dnsAPI(t, reloading+wantedStanza), "--apply", 0, "leads cross-region.registry.io to 172.16.0.53 already.\n", ""},
		"nobody reloads":              {dnsAPI(t, ".:53 {\n}\n"), "--apply", 0, "has no plugin reload: CoreDNS reads a change with `kubectl -n kube-system rollout restart deployment coredns`", "BEGIN"},
		"a zone twice":                {dnsAPI(t, "cross-region.registry.io {\n}\n"), "--apply", 2, "remove it; nothing is written; --print shows what belongs there", ""},
		"no ConfigMap":                {without(corefilePath, notFound), "--apply", 2, "there is no ConfigMap kube-system/coredns: put what --print shows where your cluster DNS has its configuration", ""},
		"no right to it":              {without(corefilePath, metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonForbidden, Message: "no right", Code: http.StatusForbidden}), "--apply", 2, "ConfigMap kube-system/coredns: you lack the right to get configmaps/coredns in the namespace kube-system; nothing is written", ""},
		"no product":                  {without(configPath, notFound), "--apply", 2, "is the product in namespace registry-failover, or in another that --namespace should name?", ""},
		"no Service":                  {without(servicePath, notFound), "--print", 2, "the address of the resolver's Service can't be read: not there", ""},
		"a Service without address":   {without(servicePath, corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: "None"}}), "--print", 2, "the resolver's Service registry-failover/registry-failover-resolver-dns has no address", ""},
		"nobody knows who manages it": {without(managedPath, metav1.Status{Status: metav1.StatusFailure, Message: "broken", Code: http.StatusInternalServerError}), "--apply", 2, "whether ACK manages CoreDNS isn't known: ", ""},
		"a cache stands in front":     {without(nodeLocalPath, struct{}{}), "--print", 0, "WARNING: A NodeLocal DNSCache stands in front of CoreDNS", ""},
		"the stanza is removed":       {dnsAPI(t, reloading+wantedStanza), "--remove", 0, "The stanza is removed from ConfigMap kube-system/coredns.\n", `"Corefile":".:53 {\n    reload\n}\n"`},
		"there is none":               {dnsAPI(t, reloading), "--remove", 0, "Cluster DNS has nothing of ours.\n", ""},
		"markers that don't pair":     {dnsAPI(t, "# END registry-failover\n"), "--remove", 2, "key Corefile, is left as it is: the END in line 1 has no BEGIN: remove what belongs to it with `kubectl -n kube-system edit configmap coredns`", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, _, stderr, written := coredns(t, test.api, test.flag)
			if code != test.code || !strings.Contains(stderr, test.says) {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			if !strings.Contains(written, test.written) || (test.written == "") != (written == "") {
				t.Errorf("%q was written", written)
			}
		})
	}
}

func TestCoreDNSNeedsOneFlag(t *testing.T) {
	for _, args := range [][]string{nil, {"--print", "--apply"}, {"--apply", "--remove"}} {
		if code, _, stderr, _ := coredns(t, api{}, args...); code != 2 || !strings.HasPrefix(stderr, "coredns needs one of --print, --apply and --remove: ") {
			t.Errorf("%q: exit code %d: %s", args, code, stderr)
		}
	}
}

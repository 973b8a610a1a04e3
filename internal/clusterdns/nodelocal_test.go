package clusterdns

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

// As Kubernetes has it, shortened.
const nodeLocalCorefile = `cluster.local:53 {
    cache {
        success 9984 30
        denial 9984 5
    }
    forward . __PILLAR__CLUSTER__DNS__ {
        force_tcp
    }
}
.:53 {
    errors
    cache 30 {
        serve_stale 1h immediate
    }
    bind 169.254.20.10
    forward . __PILLAR__UPSTREAM__SERVERS__
}
`

func TestFindNodeLocal(t *testing.T) {
	name := metav1.ObjectMeta{Namespace: "kube-system", Name: "node-local-dns"}
	set := &appsv1.DaemonSet{ObjectMeta: name}
	settings := func(text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: name, Data: map[string]string{"Corefile": text}}
	}
	const front = "A NodeLocal DNSCache stands in front of CoreDNS (DaemonSet kube-system/node-local-dns), "
	for sentence, test := range map[string]struct {
		objects []runtime.Object
		want    string // how it begins
	}{
		"none":                           {nil, ""},
		"settings that nobody uses":      {[]runtime.Object{settings(nodeLocalCorefile)}, ""},
		"one with a cache":               {[]runtime.Object{set, settings(nodeLocalCorefile)}, front + "and has `cache 30 { serve_stale 1h immediate }`, `forward . __PILLAR__UPSTREAM__SERVERS__`: it holds an answer for its TTL"},
		"one that does nothing":          {[]runtime.Object{set, settings(". {\n}\n")}, front + "and has neither cache nor forward"},
		"one without settings":           {[]runtime.Object{set}, front + "whose settings can't be read: "},
		"one for the cluster's own only": {[]runtime.Object{set, settings("cluster.local {\n}\n")}, front + "whose settings can't be understood: there is no block for all names"},
		"one with broken settings":       {[]runtime.Object{set, settings(".:53 {")}, front + "whose settings can't be understood: the { in line 1 has no }."},
	} {
		t.Run(sentence, func(t *testing.T) {
			api := fake.NewClientset(test.objects...)
			got, err := FindNodeLocal(t.Context(), api.AppsV1(), api.CoreV1())
			if err != nil || !strings.HasPrefix(got, test.want) || (test.want == "") != (got == "") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	api := fake.NewClientset()
	api.PrependReactor("get", "daemonsets", func(ktesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "daemonsets"}, "node-local-dns", errors.New("no right"))
	})
	if got, err := FindNodeLocal(t.Context(), api.AppsV1(), api.CoreV1()); err == nil || !strings.HasPrefix(err.Error(), "whether a NodeLocal DNSCache stands in front isn't known: ") {
		t.Errorf("%q, %v", got, err)
	}
}

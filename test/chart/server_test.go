package chart

import (
	"errors"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/switchcorpus"
)

// TestAnAPIServerTakesWhatTheParserTakes tries the corpus on a real API
// server: with its own CEL, its own limits, and without storing anything.
func TestAnAPIServerTakesWhatTheParserTakes(t *testing.T) {
	kubeconfig := os.Getenv("REGISTRY_FAILOVER_KUBECONFIG")
	if kubeconfig == "" {
		t.Skip("REGISTRY_FAILOVER_KUBECONFIG names no API server with the chart installed")
	}
	client := restClient(t, kubeconfig)
	c, err := config.Parse([]byte(switchcorpus.Config))
	if err != nil {
		t.Fatal(err)
	}
	e := c.Zones()[0]
	for _, value := range switchcorpus.Values() {
		configMap := &corev1.ConfigMap{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
			ObjectMeta: metav1.ObjectMeta{Name: "registry-failover"}, Data: map[string]string{e.Name: value},
		}
		err := client.Post().Namespace(namespace).Resource("configmaps").
			VersionedParams(&metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}, metav1.ParameterCodec).Body(configMap).Do(t.Context()).Error()
		status, answered := errors.AsType[*apierrors.StatusError](err)
		refused := answered && strings.Contains(status.Status().Message, `denied request: endpoint "`+e.Name+`": `)
		if err != nil && !refused {
			t.Fatalf("%.200q: %v", value, err)
		}
		if _, wrong := e.ParseSwitch(value); (wrong != nil) != refused {
			t.Errorf("%.200q: the parser says %v, the API server %v", value, wrong, err)
		}
	}
}

// restClient talks to the core group, and isn't slowed down.
func restClient(t *testing.T, kubeconfig string) *rest.RESTClient {
	t.Helper()
	c, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	c.APIPath, c.GroupVersion, c.QPS = "/api", &corev1.SchemeGroupVersion, -1
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registry-failover/registry-failover/internal/admission"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/standin"
)

// creates is how many pods are created for each figure; they are left out with 0.
var creates = flag.Int("creates", 0, "measure what admission adds to this many dry runs of a pod's creation")

// way is one of those that a pod may take through admission.
type way struct {
	what, namespace string
	pod             *corev1.Pod
	rewritten       bool
}

// TestCost measures the creation of a pod of 10 KB as a dry run, by turns:
// where nothing is asked, where matchConditions leave the webhook out, through
// the webhook, and through one that answers with the same patch without reading;
// then, beside where nothing is asked again, through the policy.
func TestCost(t *testing.T) {
	if *creates == 0 {
		t.Skip("no figures were asked for: -creates 200")
	}
	s := newScenario(t, 4)
	s.install(t)
	for _, name := range []string{"asks-nobody", "asks-constant"} {
		manifest := "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + `, labels: {registry-failover.io/rewrite: "false", test: ` + name + "}}\n"
		if output, err := node.Apply(t.Context(), manifest); err != nil {
			t.Fatal(err, output)
		}
		awaitAccount(t, name)
	}
	source, foreign := largePod(t, sourceHost), largePod(t, "quay.io")
	serveConstantPatch(t, source)
	p50 := createByTurns(t, []way{
		{"nothing is asked", "asks-nobody", source, false},
		{"skipped by matchConditions", shop, foreign, false},
		{"the webhook", shop, source, true},
		{"a constant patch, unread", "asks-constant", source, true},
	})
	t.Logf("skipped / nothing is asked: %.2f", p50[1]/p50[0])
	t.Logf("what the webhook adds / what a constant patch adds: %.2f", (p50[2]-p50[0])/(p50[3]-p50[0]))

	s.runHelm(t, "upgrade", "--set", "admission.mechanism=Policy")
	awaitNoWebhook(t)
	awaitRewriting(t)
	p50 = createByTurns(t, []way{
		{"nothing is asked", "asks-nobody", source, false},
		{"skipped by the policy", shop, foreign, false},
		{"the policy", shop, source, true},
	})
	t.Logf("skipped by the policy / nothing is asked: %.2f", p50[1]/p50[0])
	t.Logf("the policy / nothing is asked: %.2f", p50[2]/p50[0])

	kubectl(t, "delete", "namespace", "asks-nobody", "asks-constant")
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
}

// createByTurns returns the median of each way's times in milliseconds: that of
// five rounds, so that a busy machine slows all.
func createByTurns(t *testing.T, ways []way) (p50 []float64) {
	t.Helper()
	const rounds = 5
	medians := make([][]time.Duration, len(ways))
	for range rounds {
		for i, way := range ways {
			times := make([]time.Duration, *creates/rounds)
			for n := range times {
				begin := time.Now()
				created, err := node.Client.CoreV1().Pods(way.namespace).Create(t.Context(), way.pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
				times[n] = time.Since(begin)
				if err != nil {
					t.Fatal(way.what, err)
				}
				if got := strings.HasPrefix(created.Spec.Containers[0].Image, sharedHost); got != way.rewritten {
					t.Fatalf("%s: the image is %s", way.what, created.Spec.Containers[0].Image)
				}
			}
			slices.Sort(times)
			medians[i] = append(medians[i], median(times))
		}
	}
	for i, way := range ways {
		slices.Sort(medians[i])
		p50 = append(p50, millis(median(medians[i])))
		t.Logf("%-28s p50 %.2f ms", way.what, p50[i])
	}
	return p50
}

// largePod is the pod that make bench uses, with its images at a host.
func largePod(t *testing.T, host string) *corev1.Pod {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Root, "test", "bench", "webhook", "pod.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), sourceHost, host)), &pod); err != nil {
		t.Fatal(err)
	}
	pod.Namespace, pod.UID, pod.ManagedFields, pod.OwnerReferences = "", "", nil, nil
	pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount = "default", "default"
	return &pod
}

const uidOfAnswer = "705ab4f5-6393-11e8-b7cc-42010a800002"

// constantAnswer is what our handler answers about the pod.
func constantAnswer(t *testing.T, pod *corev1.Pod) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Root, "testdata", "config", "example.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	handler := admission.NewHandler(prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err := handler.Configure(c); err != nil {
		t.Fatal(err)
	}
	object, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	review, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: uidOfAnswer, Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: object},
			Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	handler.Routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/mutate", bytes.NewReader(review)))
	return recorder.Body.String()
}

// serveConstantPatch asks a webhook of its own about the namespace asks-constant.
// It answers what ours answers about the pod.
func serveConstantPatch(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	dir := t.TempDir()
	pair, err := node.Authority.Server(node.Nodes[0].IP)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := standin.EncodePEM(pair)
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	answer := constantAnswer(t, pod)
	server := &admission.Server{
		Address: net.JoinHostPort(node.Nodes[0].IP, "0"), CertDir: dir, Log: slog.New(slog.DiscardHandler),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// The uid must be the request's. It stands at the beginning; nothing else is read.
			var head [256]byte
			n, _ := io.ReadFull(r.Body, head[:])
			_, rest, _ := strings.Cut(string(head[:n]), `"uid":"`)
			uid, _, _ := strings.Cut(rest, `"`)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, strings.Replace(answer, uidOfAnswer, uid, 1))
		}),
	}
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	url, none := "https://"+server.Addr()+"/", admissionregistrationv1.SideEffectClassNone
	configurations := node.Client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	if _, err := configurations.Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "constant"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "constant.example.com", SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:      admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: node.Authority.PEM()},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"test": "asks-constant"}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := configurations.Delete(context.WithoutCancel(t.Context()), "constant", metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	await(t, "the constant patch is applied", time.Minute, func(ctx context.Context) error {
		created, err := node.Client.CoreV1().Pods("asks-constant").Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil && !strings.HasPrefix(created.Spec.Containers[0].Image, sharedHost) {
			err = fmt.Errorf("the image is %s", created.Spec.Containers[0].Image)
		}
		return err
	})
}

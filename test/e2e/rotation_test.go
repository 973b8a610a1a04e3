package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/standin"
)

// webhookAlone are values for what the webhook's life needs of the product.
var webhookAlone = []string{"--set", "config.node.hosts=Off,coredns.configMap=,dns.replicas=1,controller.replicas=1"}

// TestWebhookUnderLoad changes what the webhook consists of, under a load of pod creations.
func TestWebhookUnderLoad(t *testing.T) {
	s := newScenario(t, 4)
	s.runHelm(t, "install", webhookAlone...)
	for _, deployment := range []string{"webhook", "controller"} {
		kubectl(t, "-n", namespace, "rollout", "status", "deployment/registry-failover-"+deployment, "--timeout", "2m")
	}
	await(t, "the API server reaches the webhook", time.Minute, func(ctx context.Context) error {
		image, err := wouldBe(ctx, metav1.ObjectMeta{Namespace: shop})
		if err == nil && image != sharedImage {
			err = fmt.Errorf("a pod became %s", image)
		}
		return err
	})
	s.play(t, "with failurePolicy Fail, rotations and restarts fail no call", (*scenario).rotateUnderLoad)
	s.play(t, "with failurePolicy Ignore, a pod that is killed rejects nothing", (*scenario).killWebhookPod)
	s.play(t, "another certificate by an existing Secret leaves no pod unrewritten", (*scenario).bringCertificate)
	s.play(t, "helm uninstall leaves the Secret alone, and nothing else", (*scenario).leaveSecret)
}

func setFailurePolicy(t *testing.T, policy string) {
	t.Helper()
	kubectl(t, "patch", "mutatingwebhookconfiguration", "registry-failover", "--type", "json",
		"-p", `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"`+policy+`"}]`)
}

// rotateUnderLoad rotates all there is to rotate. New webhook pods in the middle
// serve whatever they find in the Secret; those of before end.
func (s *scenario) rotateUnderLoad(t *testing.T) {
	setFailurePolicy(t, "Fail")
	defer setFailurePolicy(t, "Ignore")
	secret := []string{"-n", namespace, "patch", "secret", certificateSecret, "--type", "merge", "-p"}
	for _, rotation := range []struct {
		name string
		play func(*testing.T)
	}{
		{"the certificate is taken away", func(t *testing.T) {
			kubectl(t, append(secret, `{"data":{"tls.crt":null,"tls.key":null}}`)...)
		}},
		{"the CA is taken away, and the webhook restarts", func(t *testing.T) {
			kubectl(t, append(secret, `{"data":{"ca.crt":null,"ca.key":null}}`)...)
			restartWebhook(t)
		}},
		{"the Secret is deleted, and a pod of the webhook is", func(t *testing.T) {
			kubectl(t, "-n", namespace, "delete", "secret", certificateSecret)
			kubectl(t, "-n", namespace, "delete", "pod", podsOf(t, "webhook")[0].Name, "--wait=false")
		}},
	} {
		t.Run(rotation.name, func(t *testing.T) {
			underLoad(t, func() {
				old := certificate(t)
				rotation.play(t)
				awaitServed(t, awaitIssued(t, old))
			})
		})
	}
}

// restartWebhook returns when new pods have taken over and those of before are gone.
func restartWebhook(t *testing.T) {
	t.Helper()
	old := podsOf(t, "webhook")
	kubectl(t, "-n", namespace, "rollout", "restart", "deployment/registry-failover-webhook")
	kubectl(t, "-n", namespace, "rollout", "status", "deployment/registry-failover-webhook", "--timeout", "2m")
	for _, pod := range old {
		kubectl(t, "-n", namespace, "wait", "--for=delete", "pod/"+pod.Name, "--timeout", "1m")
	}
}

// awaitIssued returns the certificate that stands in the Secret instead of the old one.
func awaitIssued(t *testing.T, old []byte) []byte {
	t.Helper()
	var issued []byte
	await(t, "another certificate is issued", 30*time.Second, func(ctx context.Context) error {
		secret, err := node.Client.CoreV1().Secrets(namespace).Get(ctx, certificateSecret, metav1.GetOptions{})
		if err != nil {
			return err
		}
		issued = secret.Data["tls.crt"]
		if len(issued) == 0 || bytes.Equal(issued, old) {
			return errors.New("it isn't")
		}
		return nil
	})
	return issued
}

// awaitServed waits until two pods of the webhook are ready and serve a certificate.
func awaitServed(t *testing.T, want []byte) {
	t.Helper()
	look := 0
	await(t, "every webhook serves the certificate", 2*time.Minute, func(ctx context.Context) error {
		pods, err := listPods(ctx, "webhook")
		if err != nil {
			return err
		}
		if len(pods) != 2 {
			return fmt.Errorf("there are %d pods", len(pods))
		}
		for _, pod := range pods {
			if err := ready(&pod); err != nil {
				return err
			}
			if err := serves(ctx, net.JoinHostPort(pod.Status.PodIP, "9443"), want); err != nil {
				// The kubelet looks at a pod's Secrets every minute or so, or when the pod changes.
				look++
				_, annotateErr := node.Kubectl(ctx, "-n", namespace, "annotate", "--overwrite", "pod", pod.Name, fmt.Sprintf("test=%d", look))
				return errors.Join(fmt.Errorf("%s: %w", pod.Name, err), annotateErr)
			}
		}
		return nil
	})
}

// killWebhookPod kills a process of the webhook, as a lost node would. What the
// API server has sent to it is lost, and goes unrewritten, until it is no endpoint any more.
func (s *scenario) killWebhookPod(t *testing.T) {
	pod := podsOf(t, "webhook")[0]
	l := startLoad()
	killed := time.Now()
	for _, pid := range pids(t, pod) {
		if err := kill(pid); err != nil {
			t.Error(err)
		}
	}
	await(t, "the pod was restarted", time.Minute, func(ctx context.Context) error {
		now, err := node.Client.CoreV1().Pods(namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if now.Status.ContainerStatuses[0].RestartCount == pod.Status.ContainerStatuses[0].RestartCount {
			return errors.New("it wasn't")
		}
		return ready(now)
	})
	created, unchanged := l.end(t)
	t.Logf("%d of %d pods were not rewritten", len(unchanged), created)
	if n := len(unchanged); n > 0 {
		last := unchanged[n-1].Sub(killed)
		t.Logf("the last of them %.1f s after the end of the process", last.Seconds())
		if last > 10*time.Second {
			t.Error("that is too late")
		}
	}
	if image, err := wouldBe(t.Context(), metav1.ObjectMeta{Namespace: shop}); err != nil || image != sharedImage {
		t.Errorf("afterwards a pod became %q: %v", image, err)
	}
}

// ownSecret is what somebody else issues the certificate into.
const ownSecret = "from-the-company-ca"

// bringCertificate changes to a Secret of one's own as docs/webhook.md says, without a gap.
func (s *scenario) bringCertificate(t *testing.T) {
	authority, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("registry-failover-webhook." + namespace + ".svc")
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := standin.EncodePEM(pair)
	if err != nil {
		t.Fatal(err)
	}
	own, err := node.Client.CoreV1().Secrets(namespace).Get(t.Context(), certificateSecret, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := node.Client.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: ownSecret}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{"tls.crt": cert, "tls.key": key},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	upgrade := func(more []string, bundles ...[]byte) {
		file := filepath.Join(t.TempDir(), "ca.crt")
		if err := os.WriteFile(file, bytes.Join(bundles, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		s.runHelm(t, "upgrade", append(append([]string{
			"--set", "webhook.certificate.mode=Secret,webhook.certificate.secretName=" + ownSecret, "--set-file", "webhook.certificate.caBundle=" + file,
		}, webhookAlone...), more...)...)
	}
	underLoad(t, func() {
		upgrade([]string{"--force-conflicts"}, own.Data["ca.crt"], authority.PEM())
		awaitServed(t, cert)
		upgrade(nil, authority.PEM())
	})
	for _, question := range []string{"get secret/" + certificateSecret, "create secrets", "patch mutatingwebhookconfiguration/registry-failover"} {
		args := append([]string{"-n", namespace, "auth", "can-i", "--as", "system:serviceaccount:" + namespace + ":registry-failover-controller"}, strings.Fields(question)...)
		if output, _ := node.Kubectl(t.Context(), args...); strings.TrimSpace(output) != "no" {
			t.Errorf("the controller may %s: %s", question, output)
		}
	}
}

func (s *scenario) leaveSecret(t *testing.T) {
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", namespace, "delete", "secret", ownSecret)
	s.awaitNothingLeft(t)
}

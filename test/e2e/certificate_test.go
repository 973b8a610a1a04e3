package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const certificateSecret = "registry-failover-webhook-certificate"

// rotateCertificate takes the webhook's certificate away, as its expiry would:
// another is issued, and every webhook serves it without a restart.
func (s *scenario) rotateCertificate(t *testing.T) {
	old := certificate(t)
	kubectl(t, "-n", namespace, "patch", "secret", certificateSecret, "--type", "merge", "-p", `{"data":{"tls.crt":"","tls.key":""}}`)
	issued := awaitIssued(t, old)
	for _, pod := range podsOf(t, "webhook") {
		// The kubelet looks at a pod's Secrets every minute or so, or when the pod changes.
		kubectl(t, "-n", namespace, "annotate", "pod", pod.Name, "test=look")
		await(t, pod.Name+" serves it", 2*time.Minute, func(ctx context.Context) error {
			return serves(ctx, net.JoinHostPort(pod.Status.PodIP, "9443"), issued)
		})
		now, err := node.Client.CoreV1().Pods(namespace).Get(t.Context(), pod.Name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		before, after := pod.Status.ContainerStatuses[0].RestartCount, now.Status.ContainerStatuses[0].RestartCount
		if before != after {
			t.Errorf("%s was restarted %d times", pod.Name, after-before)
		}
	}
	got, err := wouldBe(t.Context(), metav1.ObjectMeta{Namespace: shop})
	if err != nil || got != sharedImage {
		t.Errorf("a pod became %q: %v", got, err)
	}
}

func certificate(t *testing.T) []byte {
	t.Helper()
	secret, err := node.Client.CoreV1().Secrets(namespace).Get(t.Context(), certificateSecret, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return secret.Data["tls.crt"]
}

// serves says whether a TLS server shows a certificate, which is PEM.
func serves(ctx context.Context, addr string, want []byte) error {
	// Whom to trust isn't the question here: the API server's rewriting shows that.
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	connection, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	encrypted, ok := connection.(*tls.Conn)
	if !ok {
		return fmt.Errorf("%s doesn't speak TLS", addr)
	}
	block, _ := pem.Decode(want)
	if block == nil || !bytes.Equal(encrypted.ConnectionState().PeerCertificates[0].Raw, block.Bytes) {
		return errors.New("it serves another")
	}
	return nil
}

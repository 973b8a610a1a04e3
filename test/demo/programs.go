package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/test/standin"
)

//go:embed pod.yaml
var podManifest []byte

type resolver struct {
	program *program
	addr    string
}

func startResolver(ctx context.Context, bin, config, dir, hostsFile, upstream string) (*resolver, error) {
	p, addresses, err := startProgram(ctx, bin, "resolver", []string{"dns"},
		"--config", config, "--dir", dir, "--node-name", "demo-node", "--listen", "127.0.0.1:0",
		"--hosts-file", hostsFile, "--upstream", upstream, "--cache-dir", filepath.Join(dir, "cache"))
	if err != nil {
		return nil, err
	}
	return &resolver{p, addresses["dns"]}, nil
}

type webhook struct {
	program *program
	url     string
	client  *http.Client
}

func startWebhook(ctx context.Context, bin, config, certDir string, a *standin.Authority) (*webhook, error) {
	if err := writeCertificate(a, certDir, "127.0.0.1"); err != nil {
		return nil, err
	}
	p, addresses, err := startProgram(ctx, bin, "webhook", []string{"https"},
		"--config", config, "--cert-dir", certDir, "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: a.Transport(new(net.Dialer).DialContext), Timeout: 5 * time.Second}
	return &webhook{p, "https://" + addresses["https"] + "/mutate", client}, nil
}

// writeCertificate issues a certificate as the files of a Secret of type kubernetes.io/tls.
func writeCertificate(a *standin.Authority, dir string, hosts ...string) error {
	issued, err := a.Server(hosts...)
	if err != nil {
		return err
	}
	certificate, key, err := standin.EncodePEM(issued)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "tls.crt"), certificate, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "tls.key"), key, 0o600)
}

// admit sends a pod as the API server does, applies the patch that comes back
// and returns the containers' images before and after.
func (w *webhook) admit(ctx context.Context, manifest []byte) (before, after []string, took time.Duration, err error) {
	pod, err := yaml.YAMLToJSON(manifest)
	if err != nil {
		return nil, nil, 0, err
	}
	review, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "demo", Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: pod},
			Kind:     metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			Resource: metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
		},
	})
	if err != nil {
		return nil, nil, 0, err
	}
	begin := time.Now()
	answer, err := w.post(ctx, review)
	took = time.Since(begin)
	if err != nil {
		return nil, nil, 0, err
	}
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("the webhook's patch: %w", err)
	}
	rewritten, err := patch.Apply(pod)
	if err != nil {
		return nil, nil, 0, fmt.Errorf("the webhook's patch: %w", err)
	}
	before, after = images(pod), images(rewritten)
	if len(before) == 0 || len(after) != len(before) {
		return nil, nil, 0, fmt.Errorf("the webhook made %d containers of %d", len(after), len(before))
	}
	return before, after, took, nil
}

func (w *webhook) post(ctx context.Context, review []byte) (*admissionv1.AdmissionResponse, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(review))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	var out admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &out); err != nil || out.Response == nil {
		return nil, fmt.Errorf("the webhook answers %s: %s", response.Status, body)
	}
	if !out.Response.Allowed || len(out.Response.Patch) == 0 {
		return nil, fmt.Errorf("the webhook rewrote nothing: %s", body)
	}
	return out.Response, nil
}

func images(pod []byte) []string {
	var p struct {
		Spec struct{ Containers []struct{ Image string } }
	}
	if json.Unmarshal(pod, &p) != nil {
		return nil
	}
	var found []string
	for _, c := range p.Spec.Containers {
		found = append(found, c.Image)
	}
	return found
}

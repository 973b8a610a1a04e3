package certificate

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	jsonpatch "gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// overlap is how long the API server goes on to trust what it trusted before a
// new CA: webhooks serve the old certificate until kubelet has brought the new
// one, which takes a minute or two.
const overlap = time.Hour

// trust puts the CA into the caBundle of each webhook that leads to our Service.
// A MutatingWebhookConfiguration that doesn't exist is waited for.
func (i *Issuer) trust(ctx context.Context, r Renewed) error {
	configuration := &admissionv1.MutatingWebhookConfiguration{}
	err := i.client.Get(ctx, client.ObjectKey{Name: WebhookName}, configuration)
	switch {
	case apierrors.IsNotFound(err):
		if !i.absent {
			i.log.Warn("the MutatingWebhookConfiguration does not exist: no pod is rewritten until the chart has created it", "name", WebhookName)
		}
		i.absent = true
		i.injected.Set(0)
		return nil
	case err != nil:
		return fmt.Errorf("read MutatingWebhookConfiguration %s: %w", WebhookName, err)
	}
	i.absent = false
	if patch := i.trustPatch(configuration, r); patch != nil {
		if err := i.client.Patch(ctx, configuration, client.RawPatch(types.JSONPatchType, patch)); err != nil {
			return fmt.Errorf("patch MutatingWebhookConfiguration %s: %w", WebhookName, err)
		}
		i.log.Info("the API server is told to trust the webhook's CA", "name", WebhookName)
	}
	if !slices.ContainsFunc(configuration.Webhooks, i.leadsHere) {
		i.injected.Set(0)
		return nil
	}
	i.injected.Set(1)
	return nil
}

// leadsHere says whether a webhook leads to our Service.
func (i *Issuer) leadsHere(w admissionv1.MutatingWebhook) bool {
	s := w.ClientConfig.Service
	return s != nil && s.Namespace == i.namespace && s.Name == ServiceName
}

// trustPatch is an RFC 6902 patch, nil when there is nothing to change. It touches
// caBundle alone, so that fields which this program doesn't know stay, and does
// nothing where webhooks have changed places meanwhile.
func (i *Issuer) trustPatch(c *admissionv1.MutatingWebhookConfiguration, r Renewed) []byte {
	var operations []jsonpatch.Operation
	for n, w := range c.Webhooks {
		if !i.leadsHere(w) {
			continue
		}
		bundle := r.CA
		if i.now().Before(r.Since.Add(overlap)) {
			bundle = withOthers(r.CA, w.ClientConfig.CABundle, i.now())
		}
		if bytes.Equal(w.ClientConfig.CABundle, bundle) {
			continue
		}
		path := fmt.Sprintf("/webhooks/%d", n)
		operations = append(operations,
			jsonpatch.NewOperation("test", path+"/name", w.Name),
			jsonpatch.NewOperation("add", path+"/clientConfig/caBundle", bundle)) // bytes are base64 in JSON
	}
	if operations == nil {
		return nil
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		panic(err) // strings and bytes
	}
	return patch
}

// withOthers is a bundle of the CA and of what else a bundle holds that is
// still valid, each once, PEM.
func withOthers(ca, bundle []byte, now time.Time) []byte {
	all := slices.Clone(ca)
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		other, err := x509.ParseCertificate(block.Bytes)
		if err != nil || now.After(other.NotAfter) {
			continue
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes})
		if !bytes.Contains(all, text) {
			all = append(all, text...)
		}
	}
	return all
}

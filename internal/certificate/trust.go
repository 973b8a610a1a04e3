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

const (
	// overlap is how long the API server goes on to trust what it trusted before,
	// once a certificate is issued: webhooks serve the old one until kubelet has
	// brought the new one, which takes a minute or two.
	overlap = time.Hour
	// settle is how long a new caBundle has to reach every API server, by its watch.
	settle = 10 * time.Second
)

// known is a CA that every caBundle holds, PEM, and since when this program knows that.
type known struct {
	ca    string
	since time.Time
}

// configuration reads the MutatingWebhookConfiguration. One that doesn't exist is
// waited for, and has no webhooks.
func (i *Issuer) configuration(ctx context.Context) (*admissionv1.MutatingWebhookConfiguration, error) {
	c := &admissionv1.MutatingWebhookConfiguration{}
	err := i.client.Get(ctx, client.ObjectKey{Name: WebhookName}, c)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return nil, fmt.Errorf("read MutatingWebhookConfiguration %s: %w", WebhookName, err)
	}
	if missing && !i.absent {
		i.log.Warn("the MutatingWebhookConfiguration does not exist: no pod is rewritten until the chart has created it", "name", WebhookName)
	}
	i.absent = missing
	return c, nil
}

// mayServe says whether a certificate of the CA may be served: every API server
// trusts the CA, or none trusts anything that it would take the place of.
func (i *Issuer) mayServe(c *admissionv1.MutatingWebhookConfiguration, ca []byte) bool {
	others, held := false, true
	for _, w := range c.Webhooks {
		if !i.leadsHere(w) {
			continue
		}
		bundle := w.ClientConfig.CABundle
		others = others || len(bundle) > 0 && !bytes.Equal(bundle, ca)
		held = held && bytes.Contains(bundle, ca)
	}
	if !others {
		return true
	}
	i.know(ca, held)
	return held && !i.now().Before(i.known.since.Add(settle))
}

// know notes whether every caBundle holds a CA.
func (i *Issuer) know(ca []byte, held bool) {
	switch {
	case !held:
		i.known = known{}
	case i.known.ca != string(ca):
		i.known = known{string(ca), i.now()}
	}
}

// trust puts the CA into the caBundle of each webhook that leads to our Service.
func (i *Issuer) trust(ctx context.Context, c *admissionv1.MutatingWebhookConfiguration, r Renewed) error {
	if patch := i.trustPatch(c, r); patch != nil {
		if err := i.client.Patch(ctx, c, client.RawPatch(types.JSONPatchType, patch)); err != nil {
			return fmt.Errorf("patch MutatingWebhookConfiguration %s: %w", WebhookName, err)
		}
		i.log.Info("the API server is told to trust the webhook's CA", "name", WebhookName)
	}
	i.know(r.CA, true)
	if slices.ContainsFunc(c.Webhooks, i.leadsHere) {
		i.injected.Set(1)
	} else {
		i.injected.Set(0)
	}
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
		if r.Staged || i.now().Before(r.Since.Add(overlap)) {
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
		text := encode(block.Bytes)
		if !bytes.Contains(all, text) {
			all = append(all, text...)
		}
	}
	return all
}

package certificate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// trust puts the CA into the caBundle of each webhook that leads to our Service.
// A MutatingWebhookConfiguration that doesn't exist is waited for.
func (i *Issuer) trust(ctx context.Context, ca []byte) error {
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
	if patch := i.trustPatch(configuration, ca); patch != nil {
		if err := i.client.Patch(ctx, configuration, client.RawPatch(types.JSONPatchType, patch)); err != nil {
			return fmt.Errorf("patch MutatingWebhookConfiguration %s: %w", WebhookName, err)
		}
		i.log.Info("the API server is told to trust the webhook's CA", "name", WebhookName)
	}
	i.injected.Set(1)
	return nil
}

// trustPatch is an RFC 6902 patch, nil when there is nothing to change. It touches
// caBundle alone, so that fields which this program doesn't know stay, and does
// nothing where webhooks have changed places meanwhile.
func (i *Issuer) trustPatch(c *admissionv1.MutatingWebhookConfiguration, ca []byte) []byte {
	var operations []jsonpatch.Operation
	for n, w := range c.Webhooks {
		s := w.ClientConfig.Service
		if s == nil || s.Namespace != i.namespace || s.Name != ServiceName || bytes.Equal(w.ClientConfig.CABundle, ca) {
			continue
		}
		path := fmt.Sprintf("/webhooks/%d", n)
		operations = append(operations,
			jsonpatch.NewOperation("test", path+"/name", w.Name),
			jsonpatch.NewOperation("add", path+"/clientConfig/caBundle", ca)) // bytes are base64 in JSON
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

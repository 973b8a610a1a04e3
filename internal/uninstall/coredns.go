package uninstall

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
)

// cleanCoreDNS takes the stanza out of every key of CoreDNS's ConfigMap. CoreDNS
// notices the change itself, with its plugin reload.
func (o Options) cleanCoreDNS(ctx context.Context) error {
	if o.CoreDNSConfigMap == "" {
		return nil
	}
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error { return o.cleanCoreDNSOnce(ctx) })
	if err != nil {
		return fmt.Errorf("the lines from %q to %q can't be removed from ConfigMap %s/%s: %w",
			begin, end, o.CoreDNSNamespace, o.CoreDNSConfigMap, err)
	}
	return nil
}

func (o Options) cleanCoreDNSOnce(ctx context.Context) error {
	configMaps := o.Client.CoreV1().ConfigMaps(o.CoreDNSNamespace)
	found, err := configMaps.Get(ctx, o.CoreDNSConfigMap, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	changed := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(found.Data)) {
		rest, err := removeStanza(found.Data[key])
		switch {
		case err != nil:
			o.say("ConfigMap %s/%s, key %s, is left as it is: %v. CoreDNS still forwards the shared endpoint to a Service that goes: "+
				"remove what belongs to it with `kubectl -n %s edit configmap %s`.",
				o.CoreDNSNamespace, o.CoreDNSConfigMap, key, err, o.CoreDNSNamespace, o.CoreDNSConfigMap)
		case rest != found.Data[key]:
			changed[key] = rest
		}
	}
	if len(changed) == 0 {
		return nil
	}
	// The version makes it a conflict when somebody else edits it just now.
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": found.ResourceVersion}, "data": changed,
	})
	if err != nil {
		return err
	}
	if _, err := configMaps.Patch(ctx, o.CoreDNSConfigMap, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	o.say("CoreDNS forwards the shared endpoint no more: the stanza is removed from ConfigMap %s/%s.", o.CoreDNSNamespace, o.CoreDNSConfigMap)
	return nil
}

package uninstall

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/registry-failover/registry-failover/internal/clusterdns"
	"github.com/registry-failover/registry-failover/internal/corefile"
)

// cleanCoreDNS takes the stanza out of every key of CoreDNS's ConfigMap.
func (o Options) cleanCoreDNS(ctx context.Context) error {
	if o.CoreDNSConfigMap == "" {
		return nil
	}
	coredns := clusterdns.ConfigMap{Client: o.Client.CoreV1(), Namespace: o.CoreDNSNamespace, Name: o.CoreDNSConfigMap}
	changed, left, err := coredns.Remove(ctx)
	if err != nil {
		return fmt.Errorf("the lines from %q to %q can't be removed from %v: %w", corefile.Begin, corefile.End, coredns, err)
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		o.say("%v, key %s, is left as it is: %v. CoreDNS still forwards the shared endpoint to a Service that goes: "+
			"remove what belongs to it with `kubectl -n %s edit configmap %s`.",
			coredns, key, left[key], o.CoreDNSNamespace, o.CoreDNSConfigMap)
	}
	if changed {
		o.say("CoreDNS forwards the shared endpoint no more: the stanza is removed from %v.", coredns)
	}
	return nil
}

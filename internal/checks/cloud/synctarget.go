package cloud

import (
	"fmt"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// nowhere tells of rules whose target has no such namespace, or one that doesn't
// make the repositories that a rule for a namespace brings:
// https://www.alibabacloud.com/help/en/acr/user-guide/replicate-images-between-instances-in-the-same-account
func (v view) nowhere(standby config.Instance, rules []alibaba.SyncRule, subject string) []checks.Finding {
	there := v.of(standby)
	if there.Namespaces.Err != nil {
		return []checks.Finding{unknown(subject, there.Namespaces.Err)}
	}
	var found []checks.Finding
	var told []string
	for _, r := range rules {
		namespace := r.Target.Namespace
		if slices.Contains(told, namespace) {
			continue
		}
		switch {
		case !slices.Contains(there.Namespaces.Value, namespace):
			told = append(told, namespace)
			found = append(found, find(checks.Failed, subject, fmt.Sprintf("the rule %s copies to the namespace %s, which %s doesn't have", r.Name, namespace, standby.Name),
				fmt.Sprintf("make the namespace %s in %s, with repositories made automatically", namespace, standby.Name)))
		case r.Scope == alibaba.NamespaceScope && slices.Contains(there.ByHand, namespace):
			told = append(told, namespace)
			found = append(found, find(checks.Warning, subject,
				fmt.Sprintf("the rule %s copies to the namespace %s of %s, which makes no repositories by itself: those that it hasn't got aren't copied", r.Name, namespace, standby.Name),
				fmt.Sprintf("let %s of %s make repositories automatically, in ACR's console, or make each there", namespace, standby.Name)))
		}
	}
	return found
}

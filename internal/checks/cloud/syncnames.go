package cloud

import (
	"fmt"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
)

// syncNames looks at rules that copy to another name. One beside a rule that
// keeps the names does no harm.
func syncNames(v view) []checks.Finding {
	var all []checks.Finding
	for _, d := range v.directions() {
		rules, err := v.rules(d)
		if err != nil {
			all = append(all, unknown(d.subject(), err))
			continue
		}
		kept := true
		for _, r := range rules {
			other := func(o alibaba.SyncRule) bool {
				return keepsNames(o) && o.Automatic && takes(o, r.Source.Namespace, r.Source.Repo)
			}
			if keepsNames(r) || slices.ContainsFunc(rules, other) || r.Source.Repo != "" && !v.patterns().Match(path(r.Source)) {
				continue
			}
			kept = false
			all = append(all, find(d.level, d.subject(),
				fmt.Sprintf("the rule %s copies %s to %s: under the shared name, %s has no %[2]s, or another one", r.Name, path(r.Source), path(r.Target), d.to.Name),
				"make a rule that keeps the names, or exclude what it copies with rewrite.repositories.exclude of the configuration"))
		}
		if kept {
			all = append(all, ok(d.subject(), "no rule copies to another name alone"))
		}
	}
	return all
}

// path is the name without the host, of a repository or of a namespace.
func path(p alibaba.SyncPlace) string {
	if p.Repo == "" {
		return p.Namespace
	}
	return p.Namespace + "/" + p.Repo
}

func keepsNames(r alibaba.SyncRule) bool {
	return r.Source.Namespace == r.Target.Namespace && r.Source.Repo == r.Target.Repo
}

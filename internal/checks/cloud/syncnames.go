package cloud

import (
	"fmt"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// syncNames looks at rules that copy to another name. One beside a rule that
// keeps the names does no harm, unless it copies to where others belong.
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
			if keepsNames(r) {
				continue
			}
			if into := r.Target.Namespace; r.Automatic && into != r.Source.Namespace && v.has(d.from, into) {
				kept = false
				all = append(all, find(checks.Warning, d.subject(),
					fmt.Sprintf("the rule %s copies %s into %s, where %s of %s is copied to, too: of two images with one name, the last that is pushed stays", r.Name, pathOf(r.Source), into, into, d.from.Name),
					"let it copy to a namespace of its own, or make sure in ACR's console that both have no name in common"))
			}
			if slices.ContainsFunc(rules, other) || !v.stands(r.Source) {
				continue
			}
			kept = false
			all = append(all, find(d.level, d.subject(),
				fmt.Sprintf("the rule %s copies %s to %s: under the shared name, %s has no %[2]s, or another one", r.Name, pathOf(r.Source), pathOf(r.Target), d.to.Name),
				"make a rule that keeps the names, or exclude what it copies with rewrite.repositories.exclude of the configuration"))
		}
		if kept {
			all = append(all, ok(d.subject(), "no rule copies to another name alone"))
		}
	}
	return all
}

// has tells whether an instance has a namespace that the endpoint stands for.
func (v view) has(i config.Instance, namespace string) bool {
	return slices.Contains(v.of(i).Namespaces.Value, namespace) && v.Wants(v.Endpoint, namespace)
}

// stands tells whether the endpoint stands for what a rule copies.
func (v view) stands(p alibaba.SyncPlace) bool {
	if p.Repo == "" {
		return v.Wants(v.Endpoint, p.Namespace)
	}
	return v.patterns().Match(pathOf(p))
}

// pathOf is the name without the host, of a repository or of a namespace.
func pathOf(p alibaba.SyncPlace) string {
	if p.Repo == "" {
		return p.Namespace
	}
	return p.Namespace + "/" + p.Repo
}

func keepsNames(r alibaba.SyncRule) bool {
	return r.Source.Namespace == r.Target.Namespace && r.Source.Repo == r.Target.Repo
}

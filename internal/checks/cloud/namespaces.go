package cloud

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// Wants tells whether the endpoint stands for anything in a namespace: for one of
// the repositories that were listed of the primary's, else by the patterns alone.
func (w World) Wants(e config.Endpoint, namespace string) bool {
	v := view{w, e}
	primary, _ := v.primary()
	if listed := v.of(primary).Repositories[namespace]; len(listed.Value) > 0 {
		return slices.ContainsFunc(listed.Value, func(repository string) bool { return v.patterns().Match(namespace + "/" + repository) })
	}
	of := v.patterns()
	return (len(of.Include) == 0 || slices.ContainsFunc(of.Include, func(pattern string) bool { return reaches(pattern, namespace) })) &&
		!slices.ContainsFunc(of.Exclude, func(pattern string) bool {
			_, rest, _ := strings.Cut(pattern, "/")
			return reaches(pattern, namespace) && (pattern == "**" || rest == "*" || rest == "**")
		})
}

// reaches tells whether a pattern of rewrite.Patterns may match a repository of the namespace.
func reaches(pattern, namespace string) bool {
	first, _, deeper := strings.Cut(pattern, "/")
	matched, err := path.Match(first, namespace)
	return pattern == "**" || deeper && err == nil && matched
}

// leftEmpty tells of namespaces without a rule that hold nothing yet.
func (v view) leftEmpty(d direction, rules []alibaba.SyncRule) []checks.Finding {
	from := v.of(d.from)
	empty := slices.DeleteFunc(slices.Clone(from.Namespaces.Value), func(namespace string) bool {
		listed := from.Repositories[namespace]
		return listed.Err != nil || len(listed.Value) > 0 || len(within(rules, namespace)) > 0 || !v.Wants(v.Endpoint, namespace)
	})
	if len(empty) == 0 {
		return nil
	}
	return []checks.Finding{find(checks.Warning, d.subject(), fmt.Sprintf("no rule copies what will be pushed to %s, where nothing is yet: it will be missing after a failover", some(empty)),
		v.remedy(d, nil, empty...))}
}

// leftBehind tells of namespaces that no rule copies back, where others are: that
// none are at all is for SYNC-RULES to tell.
func (v view) leftBehind(d direction) []checks.Finding {
	rules, err := v.rules(d)
	from, to := v.of(d.from), v.of(d.to)
	if err != nil || len(rules) == 0 || from.Namespaces.Err != nil || to.Namespaces.Err != nil {
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(from.Namespaces.Value), func(namespace string) bool {
		return !slices.Contains(to.Namespaces.Value, namespace) || len(within(rules, namespace)) > 0 || !v.Wants(v.Endpoint, namespace)
	})
	if len(left) == 0 {
		return nil
	}
	return []checks.Finding{find(checks.Warning, d.subject(), fmt.Sprintf("no rule copies the namespaces %s back: what is pushed there during a failover isn't there after the failback", some(left)),
		v.remedy(d, nil, left...))}
}

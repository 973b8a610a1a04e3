package cloud

import (
	"fmt"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
)

// syncScope looks for repositories that new pods get from the shared endpoint, and
// that no rule copies to a standby.
func syncScope(v view) []checks.Finding {
	var all []checks.Finding
	primary, standbys := v.primary()
	for _, standby := range standbys {
		d := direction{from: primary, to: standby}
		rules, err := v.rules(d)
		namespaces := v.of(primary).Namespaces
		switch {
		case err != nil:
			all = append(all, unknown(d.subject(), err))
			continue
		case namespaces.Err != nil:
			all = append(all, unknown(d.subject(), namespaces.Err))
			continue
		}
		var left []checks.Finding
		var bare, uncopied []string // namespaces without any rule, and what they hold
		for _, namespace := range namespaces.Value {
			found, names := v.leftOut(d, rules, namespace)
			if len(names) > 0 {
				bare, uncopied = append(bare, namespace), append(uncopied, names...)
			}
			for _, f := range found {
				if !slices.Contains(left, f) { // that too many aren't looked at is told once
					left = append(left, f)
				}
			}
		}
		if len(bare) > 0 { // told at once: a company may have a namespace for each team
			left = append(left, v.lost(d, uncopied, v.remedy(d, nil, bare...)))
		}
		left = append(left, v.leftEmpty(d, rules)...)
		left = append(left, v.nowhere(standby, rules, d.subject())...)
		switch {
		case len(left) > 0:
		case len(namespaces.Value) == 0:
			left = append(left, ok(d.subject(), "%s has no namespace: nothing is there to copy", primary.Name))
		default:
			left = append(left, ok(d.subject(), "all that the configuration doesn't exclude is copied when it is pushed; what was there before a rule was made isn't, and needs to be copied once"))
		}
		all = append(all, left...)
		all = append(all, v.leftBehind(direction{from: standby, to: primary})...)
	}
	return all
}

// lost tells of repositories that no rule copies.
func (v view) lost(d direction, names []string, remedy string) checks.Finding {
	return find(checks.Failed, d.subject(), fmt.Sprintf("no rule copies %s at each push: after a failover pods that need it can't start", some(names)),
		remedy+", or exclude what isn't copied with rewrite.repositories.exclude of the configuration")
}

// leftOut tells what the rules leave out of a namespace, and gives the names of all
// that it holds where it has no rule.
func (v view) leftOut(d direction, rules []alibaba.SyncRule, namespace string) (found []checks.Finding, uncopied []string) {
	if forAll := whole(rules, namespace, d.to.ID); len(forAll) > 0 {
		return v.tags(d, forAll, namespace), nil
	}
	repositories := v.of(d.from).Repositories[namespace]
	if repositories.Err != nil {
		return []checks.Finding{unknown(d.subject(), repositories.Err)}, nil
	}
	present := within(rules, namespace)
	var left, doubtful, told []string
	for _, repository := range repositories.Value {
		name := namespace + "/" + repository
		if !v.patterns().Match(name) {
			continue
		}
		taking := slices.DeleteFunc(slices.Clone(rules), func(r alibaba.SyncRule) bool {
			return !r.Automatic || !keepsNames(r) || !takes(r, namespace, repository)
		})
		if len(taking) == 0 {
			if slices.ContainsFunc(present, func(r alibaba.SyncRule) bool { return r.Automatic && keepsNames(r) && foreign(r.RepoFilter) }) {
				doubtful = append(doubtful, name)
			} else {
				left = append(left, name)
			}
			continue
		}
		for _, f := range v.tags(d, taking, name) {
			if !slices.Contains(told, f.Text) {
				told = append(told, f.Text)
				found = append(found, f)
			}
		}
	}
	if len(present) == 0 {
		return nil, left
	}
	if len(left) > 0 {
		found = append(found, v.lost(d, left, v.remedy(d, present, namespace)))
	}
	if len(doubtful) > 0 {
		found = append(found, find(checks.Unknown, d.subject(),
			fmt.Sprintf("whether a rule copies %s can't be told here: of %s, a filter of repositories is written in a way that Go's regular expressions don't have", some(doubtful), some(names(present))),
			"compare the filter with the names in ACR's console"))
	}
	return found, nil
}

// remedy tells how namespaces are copied of which something isn't; present are the
// rules that they have, which setup leaves alone.
func (v view) remedy(d direction, present []alibaba.SyncRule, namespaces ...string) string {
	rule := fmt.Sprintf("make a rule for all of %s: %s shows the call", some(namespaces), setup)
	there := v.of(d.to).Namespaces
	lacking := slices.DeleteFunc(slices.Clone(namespaces), func(namespace string) bool { return there.Err != nil || slices.Contains(there.Value, namespace) })
	may, _ := v.of(d.from).CopiedFrom()
	switch {
	case len(present) > 0:
		return fmt.Sprintf("in ACR's console, change what %s copies of %s, or make another rule beside it: setup leaves rules alone that are there", some(names(present)), some(namespaces))
	case !may:
		return fmt.Sprintf("upgrade %s, whose edition keeps it from having rules, then %s", d.from.Name, rule)
	case len(lacking) > 0:
		return fmt.Sprintf("make the namespace %s in %s, with repositories made automatically, then %s", some(lacking), d.to.Name, rule)
	default:
		return rule
	}
}

// tags tells of tags that are left out by all rules that copy something.
func (v view) tags(d direction, taking []alibaba.SyncRule, what string) []checks.Finding {
	if slices.ContainsFunc(taking, func(r alibaba.SyncRule) bool { return everything(r.TagFilter) }) {
		return nil
	}
	var filters []string
	for _, r := range taking {
		filters = append(filters, fmt.Sprintf("%q (%s)", r.TagFilter, r.Name))
	}
	return []checks.Finding{find(checks.Warning, d.subject(),
		fmt.Sprintf("of %s only tags are copied that match %s", what, some(filters)),
		"make sure that no pod uses another tag, or set the filter to .* in ACR's console")}
}

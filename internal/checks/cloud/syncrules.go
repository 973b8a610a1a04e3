package cloud

import (
	"fmt"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// A direction is a way that images are copied.
type direction struct {
	from, to config.Instance
	// level is that of what is missing: without the way forth a failover finds no
	// images, without the way back those are missing later that were pushed in one.
	level checks.Level
	loss  string
}

func (d direction) subject() string { return d.from.Name + "→" + d.to.Name }

// directions are those between the primary and each standby.
func (v view) directions() []direction {
	primary, standbys := v.primary()
	var all []direction
	for _, s := range standbys {
		all = append(all,
			direction{primary, s, checks.Failed, "after a failover they aren't there"},
			direction{s, primary, checks.Warning, "what is pushed during a failover isn't there after the failback"})
	}
	return all
}

// rules are those of a direction.
func (v view) rules(d direction) ([]alibaba.SyncRule, error) {
	read := v.of(d.from).Rules
	return to(read.Value, d.to.ID), read.Err
}

// to picks the rules that copy to an instance.
func to(rules []alibaba.SyncRule, id string) []alibaba.SyncRule {
	return slices.DeleteFunc(slices.Clone(rules), func(r alibaba.SyncRule) bool { return r.Target.Instance != id })
}

func syncRules(v view) []checks.Finding {
	var all []checks.Finding
	for _, d := range v.directions() {
		rules, err := v.rules(d)
		automatic := slices.DeleteFunc(slices.Clone(rules), func(r alibaba.SyncRule) bool { return !r.Automatic })
		switch {
		case err != nil:
			all = append(all, unknown(d.subject(), err))
		case len(rules) == 0:
			remedy := "make one for each namespace: " + setup + " shows the calls"
			from, to := v.of(d.from), v.of(d.to)
			shared := slices.ContainsFunc(from.Namespaces.Value, func(namespace string) bool { return slices.Contains(to.Namespaces.Value, namespace) })
			if may, _ := from.CopiedFrom(); !may {
				remedy = fmt.Sprintf("upgrade %s, which its edition keeps from having rules, then make them with %s", d.from.Name, setup)
			} else if from.Namespaces.Err == nil && to.Namespaces.Err == nil && !shared {
				remedy = fmt.Sprintf("make the same namespaces in %s and %s, which have none in common, then a rule for each: %s shows the calls", d.from.Name, d.to.Name, setup)
			}
			all = append(all, find(d.level, d.subject(), fmt.Sprintf("no rule copies images from %s to %s: %s", d.from.Name, d.to.Name, d.loss), remedy))
		case len(automatic) == 0:
			all = append(all, find(d.level, d.subject(), fmt.Sprintf("images are copied only when somebody starts it, by %s: else %s", some(names(rules)), d.loss),
				"make rules in ACR's console that copy at each push"))
		case len(automatic) == 1:
			all = append(all, ok(d.subject(), "one rule copies at each push"))
		default:
			all = append(all, ok(d.subject(), "%d rules copy at each push", len(automatic)))
		}
	}
	return all
}

func names(rules []alibaba.SyncRule) []string {
	var texts []string
	for _, r := range rules {
		texts = append(texts, r.Name)
	}
	return texts
}

package pullsecrets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/checks"
	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// A problem is one that pods have; those of the same account with the same one are told
// together.
type problem struct {
	namespace, account, endpoint string
	level                        checks.Level
	text, remedy                 string
}

// A judgement collects the problems of all uses.
type judgement struct {
	*survey
	order []problem
	pods  map[problem]*pods
	// fine counts the pods without a problem, by endpoint.
	fine map[string]int
	// derive are the namespaces that should be derived in.
	derive []string
}

// judge gives the findings of PULL-SECRETS.
func (s *survey) judge() []checks.Finding {
	j := &judgement{survey: s, pods: map[problem]*pods{}, fine: map[string]int{}}
	uses := s.inOrder()
	for _, u := range uses {
		for _, c := range s.worst(u) {
			if c.means == derivable && u.kind != written && !slices.Contains(j.derive, u.namespace) {
				j.derive = append(j.derive, u.namespace)
			}
		}
	}
	for _, u := range uses {
		problems := j.problems(u)
		for _, p := range problems {
			if j.pods[p] == nil {
				j.pods[p] = &pods{owner: s.uses[u].owner}
				j.order = append(j.order, p)
			}
			j.pods[p].count += s.uses[u].count
		}
		if len(problems) == 0 && !s.uncertain(u) {
			j.fine[u.endpoint] += s.uses[u].count
		}
	}
	return checks.Most(j.findings(), told)
}

func (j *judgement) findings() []checks.Finding {
	found := slices.Clone(j.unread)
	for _, p := range j.order {
		found = append(found, checks.Finding{
			Level: p.level, Endpoint: p.endpoint, Subject: p.namespace + "/" + p.account, Text: p.text + j.pods[p].some(), Remedy: p.remedy,
		})
	}
	for _, e := range j.Config.Endpoints {
		if n := j.fine[e.Name]; n > 0 {
			found = append(found, checks.Finding{
				Level: checks.OK, Endpoint: e.Name, Text: several(n, "pod has", "pods have") + " a credential for every instance, and one that outlives an hour",
			})
		}
	}
	if len(found) == 0 {
		found = append(found, checks.Finding{Level: checks.OK, Text: "no pod pulls from a shared endpoint, or would"})
	}
	return found
}

// worst is what the pods have for each instance, of all repositories that they pull the
// one for which it is worst.
func (s *survey) worst(u use) []cover {
	var all []cover
	for _, repository := range u.pulled() {
		for n, c := range s.covers(u, repository) {
			switch {
			case len(all) <= n:
				all = append(all, c)
			case c.means > all[n].means, c.means == all[n].means && c.temporary():
				all[n] = c
			}
		}
	}
	return all
}

// uncertain tells whether a Secret that counts could not be read.
func (s *survey) uncertain(u use) bool {
	return slices.ContainsFunc(append(s.attached(u), u.secrets()...), func(name string) bool {
		found := s.secrets[key{u.namespace, name}]
		return found == nil || found.unknown()
	})
}

// problems are those of one use.
func (j *judgement) problems(u use) []problem {
	all := j.worst(u)
	by := map[means][]cover{}
	for _, c := range all {
		by[c.means] = append(by[c.means], c)
	}
	if len(by[none]) == len(all) && !j.holdExtra(u) {
		if j.uncertain(u) {
			return nil
		}
		return []problem{j.anonymous(u)}
	}
	var found []problem
	add := func(level checks.Level, text, remedy string) {
		if level == checks.Failed && u.kind == audited {
			level = checks.Warning
		}
		found = append(found, problem{u.namespace, u.account, u.endpoint, level, text, remedy})
	}
	if c := by[derivable]; len(c) > 0 {
		add(checks.Failed, "no credential for the shared endpoint, only for the own hosts of "+sources(c), j.deriveRemedy(u, c))
	}
	if c := by[none]; len(c) > 0 && !j.uncertain(u) {
		for _, c := range c {
			add(checks.Failed, "no credential for "+c.instance.Name+": its images aren't pulled once the shared endpoint leads there"+j.absent(u), j.createRemedy(u, c, len(by[derivable]) > 0))
		}
	}
	if c := by[pending]; len(c) > 0 {
		add(checks.Warning, "the companion isn't there yet for "+sources(c), "look again in some seconds; where it still isn't there, the controller's log tells why")
	}
	if c := by[unclear]; len(c) > 0 {
		text := "a credential for the shared endpoint itself (" + strings.Join(c[0].names(), ", ") + "): whether it is one for " + instances(c) + " shows only where it is used"
		if j.Login {
			add(checks.OK, text, "")
		} else {
			add(checks.Unknown, text, "look again with --login")
		}
	}
	if c := slices.DeleteFunc(slices.Clone(by[sure]), func(c cover) bool { return !c.unlisted }); len(c) > 0 && u.kind == rewritten {
		add(checks.Warning, "pods from before their companions: only new ones are given "+sources(c), "make these pods anew, as with kubectl rollout restart")
	}
	if c := slices.DeleteFunc(slices.Clone(all), func(c cover) bool { return !c.temporary() }); len(c) > 0 {
		add(checks.Warning, "what there is ends within an hour: "+sources(c)+"; nothing is pulled in an outage of what renews it",
			"keep a Secret with a permanent account (user and password of the instance, not "+core.TemporaryUser+") in imagePullSecrets"+j.breakGlassRemedy(u))
	}
	return found
}

// anonymous is the problem of pods without a credential: it may be none.
func (j *judgement) anonymous(u use) problem {
	text := "no pull secret: they pull anonymously, or with credentials of the node"
	if u.listed != "" {
		text = "no pull secret for the shared endpoint or an instance: they pull anonymously, or with credentials of the node" + j.absent(u)
	}
	return problem{
		u.namespace, u.account, u.endpoint, checks.Warning, text,
		"see that every instance lets them pull under the name of the shared endpoint, too; else add a pull secret " + place(u),
	}
}

// holdExtra tells whether a listed Secret is for one of the endpoint's extra sources: the
// images aren't public then.
func (j *judgement) holdExtra(u use) bool {
	hosts := j.endpointOf(u).Rewrite.ExtraSources
	return slices.ContainsFunc(u.secrets(), func(name string) bool {
		_, ok := core.For(j.secrets[key{u.namespace, name}].credentials, hosts...)
		return ok
	})
}

// absent names the listed Secrets that don't exist, but for companions: the webhook lists
// some that needn't, and nobody shall make one.
func (j *judgement) absent(u use) string {
	names := slices.DeleteFunc(u.secrets(), func(name string) bool {
		return !j.secrets[key{u.namespace, name}].absent || core.IsCompanion(j.Config.Endpoints, name)
	})
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "; the Secret " + names[0] + " that they list isn't there"
	}
	return "; the Secrets " + strings.Join(names, ", ") + " that they list aren't there"
}

// some names the pods in brackets.
func (p *pods) some() string {
	one := "a pod of " + p.owner
	if strings.HasPrefix(p.owner, "Pod/") {
		one = p.owner // it has no controller
	}
	if p.count == 1 {
		return " (" + one + ")"
	}
	return fmt.Sprintf(" (%d pods, such as %s)", p.count, one)
}

// sources are instances, each with the Secrets that its credentials are from.
func sources(covers []cover) string {
	parts := make([]string, len(covers))
	for i, c := range covers {
		parts[i] = c.instance.Name + " (" + strings.Join(c.names(), ", ") + ")"
	}
	return and(parts)
}

func instances(covers []cover) string {
	parts := make([]string, len(covers))
	for i, c := range covers {
		parts[i] = c.instance.Name
	}
	return and(parts)
}

func and(parts []string) string {
	last := len(parts) - 1
	if last == 0 {
		return parts[0]
	}
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

func several(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

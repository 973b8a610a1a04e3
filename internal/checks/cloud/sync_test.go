package cloud

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
)

func TestSyncRules(t *testing.T) {
	playAll(t, CodeSyncRules, map[string]situation{
		"a rule each way": {want: []string{"ok | zhangjiakou→hangzhou | one rule copies at each push", "ok | hangzhou→zhangjiakou | one rule copies at each push"}},
		"no rule forth fails": {change: func(c *cloudOf) { c.rules[b] = nil }, want: []string{
			"failed | zhangjiakou→hangzhou | no rule copies images from zhangjiakou to hangzhou: after a failover they aren't there",
			"ok | hangzhou→zhangjiakou | one rule copies at each push",
		}},
		"no rule back is a warning": {change: func(c *cloudOf) { c.rules[a] = nil }, want: []string{
			"ok | zhangjiakou→hangzhou | one rule copies at each push",
			"warning | hangzhou→zhangjiakou | no rule copies images from hangzhou to zhangjiakou: what is pushed during a failover isn't there after the failback",
		}},
		"a rule to somebody else is none": {change: func(c *cloudOf) { c.rules[b] = []alibaba.SyncRule{rule(b, "cri-other", "prod")} }, want: []string{
			"failed | zhangjiakou→hangzhou | no rule copies images from zhangjiakou to hangzhou: after a failover they aren't there",
			"ok | hangzhou→zhangjiakou | one rule copies at each push",
		}},
		"rules that somebody starts are none": {change: func(c *cloudOf) { c.rules[b][0].Automatic = false }, want: []string{
			"failed | zhangjiakou→hangzhou | images are copied only when somebody starts it, by cri-bbbbb-prod: else after a failover they aren't there",
			"ok | hangzhou→zhangjiakou | one rule copies at each push",
		}},
		"a right that is missing": {change: func(c *cloudOf) { c.errs["ReadSyncRules "+b] = denied("cr", "ListRepoSyncRule") }, want: []string{
			"unknown | zhangjiakou→hangzhou | not looked at: the right cr:ListSyncRule is missing",
			"ok | hangzhou→zhangjiakou | one rule copies at each push",
		}},
	})
}

func TestSyncNames(t *testing.T) {
	const kept = "no rule copies to another name alone"
	renamed := func(c *cloudOf) {
		c.rules[b] = []alibaba.SyncRule{ruleOf(b, a, "prod", "web")}
		c.rules[b][0].Target.Repo = "site"
	}
	playAll(t, CodeSyncNames, map[string]situation{
		"names are kept": {want: []string{"ok | zhangjiakou→hangzhou | " + kept, "ok | hangzhou→zhangjiakou | " + kept}},
		"a namespace is renamed": {change: func(c *cloudOf) { c.rules[b][0].Target.Namespace = "mirror" }, want: []string{
			"failed | zhangjiakou→hangzhou | the rule cri-bbbbb-prod copies prod to mirror: under the shared name, hangzhou has no prod, or another one",
			"ok | hangzhou→zhangjiakou | " + kept,
		}},
		"a repository is renamed on the way back": {change: func(c *cloudOf) {
			c.rules[a] = []alibaba.SyncRule{ruleOf(a, b, "prod", "web")}
			c.rules[a][0].Target.Repo = "site"
		}, want: []string{
			"ok | zhangjiakou→hangzhou | " + kept,
			"warning | hangzhou→zhangjiakou | the rule cri-aaaaa-prod-web copies prod/web to prod/site: under the shared name, zhangjiakou has no prod/web, or another one",
		}},
		"one that is excluded may be renamed": {replace: []string{"exclude: []", "exclude: [prod/web]"}, change: renamed, want: []string{
			"ok | zhangjiakou→hangzhou | " + kept, "ok | hangzhou→zhangjiakou | " + kept,
		}},
		"a copy under another name beside one that keeps it": {change: func(c *cloudOf) {
			renamed(c)
			c.rules[b] = append(c.rules[b], rule(b, a, "prod"))
		}, want: []string{"ok | zhangjiakou→hangzhou | " + kept, "ok | hangzhou→zhangjiakou | " + kept}},
		"a namespace that is renamed and excluded": {replace: []string{"exclude: []", "exclude: [prod/**]"}, change: func(c *cloudOf) { c.rules[b][0].Target.Namespace = "mirror" }, want: []string{
			"ok | zhangjiakou→hangzhou | " + kept, "ok | hangzhou→zhangjiakou | " + kept,
		}},
		"a copy into another namespace that counts": {replace: []string{"exclude: []", "exclude: [dev/**]"}, change: func(c *cloudOf) {
			c.namespaces[b] = append(c.namespaces[b], "dev")
			c.rules[b] = append(c.rules[b], rule(b, a, "dev"))
			c.rules[b][1].Target.Namespace = "prod"
		}, want: []string{
			"warning | zhangjiakou→hangzhou | the rule cri-bbbbb-dev copies dev into prod, where prod of zhangjiakou is copied to, too: of two images with one name, the last that is pushed stays",
			"ok | hangzhou→zhangjiakou | " + kept,
		}},
		"a right that is missing": {change: func(c *cloudOf) { c.errs["ReadSyncRules"] = denied("cr", "ListRepoSyncRule") }, want: []string{
			"unknown | zhangjiakou→hangzhou | not looked at: the right cr:ListSyncRule is missing",
			"unknown | hangzhou→zhangjiakou | not looked at: the right cr:ListSyncRule is missing",
		}},
	})
}

func TestSyncScope(t *testing.T) {
	const all = "ok | zhangjiakou→hangzhou | all that the configuration doesn't exclude is copied when it is pushed; what was there before a rule was made isn't, and needs to be copied once"
	single := func(c *cloudOf) {
		c.rules[b] = []alibaba.SyncRule{ruleOf(b, a, "prod", "web")}
		c.repositories = map[string][]string{"prod": {"api", "web"}}
	}
	base := func(repositories ...string) func(c *cloudOf) {
		return func(c *cloudOf) {
			c.namespaces[b] = append(c.namespaces[b], "base")
			c.repositories = map[string][]string{"base": repositories}
		}
	}
	playAll(t, CodeSyncScope, map[string]situation{
		"all of the only namespace is copied": {want: []string{all}},
		"a rule for one repository leaves out the other": {change: single, want: []string{
			"failed | zhangjiakou→hangzhou | no rule copies prod/api at each push: after a failover pods that need it can't start",
		}},
		"what the configuration excludes needs no rule":        {replace: []string{"exclude: []", "exclude: [prod/api]"}, change: single, want: []string{all}},
		"what the configuration doesn't include needs no rule": {replace: []string{"include: []", "include: [prod/w*]"}, change: single, want: []string{all}},
		"a namespace without a rule, and without a repository": {change: base(), want: []string{
			"warning | zhangjiakou→hangzhou | no rule copies what will be pushed to base, where nothing is yet: it will be missing after a failover",
		}},
		"one that is excluded, and without a repository": {replace: []string{"exclude: []", "exclude: [base/*]"}, change: base(), want: []string{all}},
		"one of which a part is excluded, and without a repository": {replace: []string{"exclude: []", "exclude: [base/a*]"}, change: base(), want: []string{
			"warning | zhangjiakou→hangzhou | no rule copies what will be pushed to base, where nothing is yet: it will be missing after a failover",
		}},
		"a primary without a namespace": {change: func(c *cloudOf) { c.namespaces[b], c.rules[b] = nil, nil }, want: []string{
			"ok | zhangjiakou→hangzhou | zhangjiakou has no namespace: nothing is there to copy",
		}},
		"the way back leaves out a namespace that both have": {change: func(c *cloudOf) {
			c.namespaces[a], c.namespaces[b] = append(c.namespaces[a], "base", "own"), append(c.namespaces[b], "base")
			c.rules[b] = append(c.rules[b], rule(b, a, "base"))
		}, want: []string{all,
			"warning | hangzhou→zhangjiakou | no rule copies the namespaces base back: what is pushed there during a failover isn't there after the failback",
		}},
		"a namespace without a rule, all of which is excluded": {replace: []string{"exclude: []", "exclude: [base/**]"}, change: base("os"), want: []string{all}},
		"a namespace without a rule, with too many for one line": {change: base("a", "b", "c", "d", "e", "f", "g"), want: []string{
			"failed | zhangjiakou→hangzhou | no rule copies base/a, base/b, base/c, base/d, base/e and 2 more at each push: after a failover pods that need it can't start",
		}},
		"many namespaces without a rule are told at once": {change: func(c *cloudOf) {
			c.repositories = map[string][]string{}
			for _, namespace := range []string{"a", "b", "c", "d", "e", "f"} {
				c.namespaces[b] = append(c.namespaces[b], namespace)
				c.repositories[namespace] = []string{"web"}
			}
		}, want: []string{"failed | zhangjiakou→hangzhou | no rule copies a/web, b/web, c/web, d/web, e/web and 1 more at each push: after a failover pods that need it can't start"}},
		"rules that somebody starts copy nothing by themselves": {change: func(c *cloudOf) {
			c.rules[b][0].Automatic = false
			c.repositories = map[string][]string{"prod": {"web"}}
		}, want: []string{"failed | zhangjiakou→hangzhou | no rule copies prod/web at each push: after a failover pods that need it can't start"}},
		"rules that rename copy to nowhere": {change: func(c *cloudOf) {
			c.rules[b][0].Target.Namespace = "mirror"
			c.namespaces[a] = append(c.namespaces[a], "mirror")
			c.repositories = map[string][]string{"prod": {"web"}}
		}, want: []string{"failed | zhangjiakou→hangzhou | no rule copies prod/web at each push: after a failover pods that need it can't start"}},
		"a filter of repositories": {change: func(c *cloudOf) {
			c.rules[b][0].RepoFilter = "web|api.*"
			c.repositories = map[string][]string{"prod": {"api-2", "db", "web", "website"}}
		}, want: []string{"failed | zhangjiakou→hangzhou | no rule copies prod/db, prod/website at each push: after a failover pods that need it can't start"}},
		"a filter that Go can't read may take anything": {change: func(c *cloudOf) {
			c.rules[b][0].RepoFilter = "(?!test-).*"
			c.repositories = map[string][]string{"prod": {"web"}}
		}, want: []string{"unknown | zhangjiakou→hangzhou | whether a rule copies prod/web can't be told here: of cri-bbbbb-prod, a filter of repositories is written in a way that Go's regular expressions don't have"}},
		"a filter of tags": {change: func(c *cloudOf) { c.rules[b][0].TagFilter = "^v" }, want: []string{
			`warning | zhangjiakou→hangzhou | of prod only tags are copied that match "^v" (cri-bbbbb-prod)`,
		}},
		"a filter of tags beside a rule without one": {change: func(c *cloudOf) {
			c.rules[b] = append(c.rules[b], rule(b, a, "prod"))
			c.rules[b][0].TagFilter = "^v"
		}, want: []string{all}},
		"a filter of tags of one repository": {change: func(c *cloudOf) {
			single(c)
			c.rules[b] = append(c.rules[b], ruleOf(b, a, "prod", "api"))
			c.rules[b][0].TagFilter = "^v"
		}, want: []string{`warning | zhangjiakou→hangzhou | of prod/web only tags are copied that match "^v" (cri-bbbbb-prod-web)`}},
		"the standby lacks the namespace": {change: func(c *cloudOf) { c.namespaces[a] = nil }, want: []string{
			"failed | zhangjiakou→hangzhou | the rule cri-bbbbb-prod copies to the namespace prod, which hangzhou doesn't have",
		}},
		"the standby makes no repositories by itself": {change: func(c *cloudOf) { c.byHand = map[string][]string{a: {"prod"}} }, want: []string{
			"warning | zhangjiakou→hangzhou | the rule cri-bbbbb-prod copies to the namespace prod of hangzhou, which makes no repositories by itself: those that it hasn't got aren't copied",
		}},
		"the standby's namespaces can't be read": {change: func(c *cloudOf) { c.errs["ReadNamespaces "+a] = denied("cr", "ListNamespace") }, want: []string{
			"unknown | zhangjiakou→hangzhou | not looked at: the right cr:ListNamespace is missing",
		}},
		"the primary's namespaces can't be read": {change: func(c *cloudOf) { c.errs["ReadNamespaces "+b] = denied("cr", "ListNamespace") }, want: []string{
			"unknown | zhangjiakou→hangzhou | not looked at: the right cr:ListNamespace is missing",
		}},
		"rules can't be read": {change: func(c *cloudOf) { c.errs["ReadSyncRules "+b] = denied("cr", "ListRepoSyncRule") }, want: []string{
			"unknown | zhangjiakou→hangzhou | not looked at: the right cr:ListSyncRule is missing",
		}},
		"repositories can't be read": {change: func(c *cloudOf) {
			base("os")(c)
			c.errs["ReadRepositories base"] = denied("cr", "ListRepository")
		}, want: []string{"unknown | zhangjiakou→hangzhou | not looked at: the right cr:ListRepository is missing"}},
	})
}

func TestRepositoriesAreListedOfFewNamespacesOnly(t *testing.T) {
	c := fine()
	for i := range 60 {
		c.namespaces[b] = append(c.namespaces[b], fmt.Sprintf("base-%d", i))
	}
	read := Read(t.Context(), c, parsed(t), nil).Instances[domain+"/zhangjiakou"]
	listed := 0
	for _, call := range c.calls {
		if strings.HasPrefix(call, "ReadRepositories") {
			listed++
		}
	}
	if listed != maxNamespaces || len(read.Repositories) != 60 {
		t.Errorf("%d calls, %d answers", listed, len(read.Repositories))
	}
	findings := syncScope(view{World{Config: parsed(t), Instances: map[string]Instance{domain + "/zhangjiakou": read}}, parsed(t).Endpoints[0]})
	if f := findings[0]; len(findings) > 3 || f.Level != checks.Unknown || !strings.Contains(f.Text, "of 50 namespaces") {
		t.Errorf("got %v", f)
	}
}

// TestRemedies holds that each way out leads out: setup doesn't make a rule where
// one is, and none without the namespaces and the edition.
func TestRemedies(t *testing.T) {
	missing := func(c *cloudOf) {
		c.rules[b], c.repositories = nil, map[string][]string{"prod": {"web"}}
	}
	for sentence, test := range map[string]struct {
		code   checks.Code
		change func(*cloudOf)
		want   string
	}{
		"setup makes a rule where there is none": {CodeSyncScope, func(*cloudOf) {},
			"make a rule for all of prod: kubectl registry-failover setup shows the call, or exclude what isn't copied with rewrite.repositories.exclude of the configuration"},
		"it leaves a namespace alone that has one": {CodeSyncScope, func(c *cloudOf) {
			c.rules[b] = []alibaba.SyncRule{ruleOf(b, a, "prod", "api")}
		}, "in ACR's console, change what cri-bbbbb-prod-api copies of prod, or make another rule beside it: setup leaves rules alone that are there, or exclude what isn't copied with rewrite.repositories.exclude of the configuration"},
		"an edition comes first": {CodeSyncScope, func(c *cloudOf) { c.descriptions[b] = alibaba.Description{Edition: alibaba.Basic, Status: "RUNNING"} },
			"upgrade zhangjiakou, whose edition keeps it from having rules, then make a rule for all of prod: kubectl registry-failover setup shows the call, or exclude what isn't copied with rewrite.repositories.exclude of the configuration"},
		"so does a namespace": {CodeSyncScope, func(c *cloudOf) { c.namespaces[a] = nil },
			"make the namespace prod in hangzhou, with repositories made automatically, then make a rule for all of prod: kubectl registry-failover setup shows the call, or exclude what isn't copied with rewrite.repositories.exclude of the configuration"},
		"setup makes the first rule": {CodeSyncRules, func(*cloudOf) {}, "make one for each namespace: kubectl registry-failover setup shows the calls"},
		"where there is a namespace": {CodeSyncRules, func(c *cloudOf) { c.namespaces[a], c.namespaces[b] = nil, nil },
			"make the same namespaces in zhangjiakou and hangzhou, which have none in common, then a rule for each: kubectl registry-failover setup shows the calls"},
	} {
		t.Run(sentence, func(t *testing.T) {
			c := fine()
			missing(c)
			test.change(c)
			all := All(Options{Config: parsed(t), Cloud: c})
			i := slices.IndexFunc(all, func(check checks.Check) bool { return check.Code == test.code })
			if diff := cmp.Diff(test.want, all[i].Run(t.Context())[0].Remedy); diff != "" {
				t.Error(diff)
			}
		})
	}
}

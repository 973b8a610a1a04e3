package cloud

import (
	"cmp"
	"fmt"
	"slices"
)

// No page lists the codes of these refusals.
var (
	editionInsufficient = unsuccessful("INSTANCE_EDITION_NOT_SUPPORT")
	namespaceNotExist   = unsuccessful("NAMESPACE_NOT_EXIST")
	syncRuleExists      = unsuccessful("REPO_SYNC_RULE_EXIST")
)

// createRepoSyncRule: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-createreposyncrule
//
// The source is of the edition Advanced, and the target has the namespace:
// https://www.alibabacloud.com/help/en/acr/user-guide/replicate-images-between-instances-in-the-same-account
// That a rule isn't made twice is not documented.
func (c *Cloud) createRepoSyncRule(p parameters) (answer, *refusal) {
	for _, name := range []string{"NamespaceName", "TargetRegionId", "TargetInstanceId", "TargetNamespaceName", "TagFilter", "SyncRuleName"} {
		if p[name] == "" {
			return nil, missing(name)
		}
	}
	rule := SyncRule{
		Name: p["SyncRuleName"], Namespace: p["NamespaceName"], TargetInstance: p["TargetInstanceId"], TargetRegion: p["TargetRegionId"],
		TargetNamespace: p["TargetNamespaceName"], RepoFilter: p["RepoNameFilter"], TagFilter: p["TagFilter"], Trigger: cmp.Or(p["SyncTrigger"], "PASSIVE"),
	}
	switch p["SyncScope"] {
	case "NAMESPACE":
	case "REPO":
		if rule.Repository, rule.TargetRepository = p["RepoName"], p["TargetRepoName"]; rule.Repository == "" || rule.TargetRepository == "" {
			return nil, missing("RepoName")
		}
	default:
		return nil, invalid("SyncScope")
	}
	if rule.Trigger != "PASSIVE" && rule.Trigger != "INITIATIVE" {
		return nil, invalid("SyncTrigger")
	}
	source, no := c.changeable(p)
	if no != nil {
		return no, nil
	}
	target, no := c.instance(parameters{"InstanceId": rule.TargetInstance, "RegionId": rule.TargetRegion})
	switch {
	case no != nil:
		return no, nil
	case cmp.Or(source.Edition, "Enterprise_Advanced") != "Enterprise_Advanced":
		return editionInsufficient(), nil
	case !source.has(rule.Namespace), !target.has(rule.TargetNamespace):
		return namespaceNotExist(), nil
	case slices.ContainsFunc(source.SyncRules, func(r SyncRule) bool {
		return r.Name == rule.Name || r.TargetInstance == rule.TargetInstance && r.Namespace == rule.Namespace && r.Repository == rule.Repository
	}):
		return syncRuleExists(), nil
	}
	rule.ID = fmt.Sprintf("crsr-%d", c.next())
	source.SyncRules = append(slices.Clone(source.SyncRules), rule)
	return succeeded(answer{"SyncRuleId": rule.ID}), nil
}

func (i Instance) has(namespace string) bool {
	return slices.ContainsFunc(i.Namespaces, func(n Namespace) bool { return n.Name == namespace })
}

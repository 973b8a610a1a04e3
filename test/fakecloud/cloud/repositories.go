package cloud

import (
	"cmp"
	"strconv"
)

// getInstance: https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getinstance
func (c *Cloud) getInstance(p parameters) (answer, *refusal) {
	i, no := c.instance(p)
	if no != nil {
		return no, nil
	}
	return succeeded(answer{
		"InstanceId": i.ID, "InstanceName": i.ID, "InstanceStatus": cmp.Or(i.Status, "RUNNING"),
		"InstanceSpecification": cmp.Or(i.Edition, "Enterprise_Advanced"),
	}), nil
}

// listNamespace: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-listnamespace
func (c *Cloud) listNamespace(p parameters) (answer, *refusal) {
	i, no := c.instance(p)
	if no != nil {
		return no, nil
	}
	var found []answer
	for _, n := range i.Namespaces {
		if p["NamespaceName"] == "" || p["NamespaceName"] == n.Name {
			found = append(found, answer{"NamespaceName": n.Name, "NamespaceStatus": "NORMAL", "InstanceId": i.ID, "NamespaceId": "crn-" + n.Name, "AutoCreateRepo": !n.ByHand})
		}
	}
	return listed(p, "Namespaces", found, true)
}

// listRepository: https://help.aliyun.com/document_detail/451339.htm
func (c *Cloud) listRepository(p parameters) (answer, *refusal) {
	i, no := c.instance(p)
	if no != nil {
		return no, nil
	}
	var found []answer
	for _, n := range i.Namespaces {
		for _, name := range n.Repositories {
			if (p["RepoNamespaceName"] == "" || p["RepoNamespaceName"] == n.Name) && (p["RepoName"] == "" || p["RepoName"] == name) {
				found = append(found, answer{"RepoName": name, "RepoNamespaceName": n.Name, "RepoStatus": "NORMAL", "RepoId": "crr-" + n.Name + "-" + name, "InstanceId": i.ID})
			}
		}
	}
	return listed(p, "Repositories", found, true)
}

// listRepoSyncRule: https://help.aliyun.com/document_detail/451327.htm. How the
// list of the instance that images are copied to shows a rule is not documented;
// here it is the local one there, with the direction turned.
func (c *Cloud) listRepoSyncRule(p parameters) (answer, *refusal) {
	i, no := c.instance(p)
	if no != nil {
		return no, nil
	}
	var found []answer
	for _, source := range c.data.Instances {
		for _, r := range source.SyncRules {
			other := p["TargetInstanceId"]
			namespace := p["NamespaceName"] == "" || p["NamespaceName"] == r.Namespace
			switch {
			case !namespace, p["RepoName"] != "" && p["RepoName"] != r.Repository:
			case source.ID == i.ID && (other == "" || other == r.TargetInstance):
				found = append(found, r.describe("FROM", source))
			case r.TargetInstance == i.ID && (other == "" || other == source.ID):
				found = append(found, r.describe("TO", source))
			}
		}
	}
	return listed(p, "SyncRules", found, false)
}

func (r SyncRule) describe(direction string, source Instance) answer {
	from, to := "Local", "Target"
	if direction == "TO" {
		from, to = to, from
	}
	scope := "NAMESPACE"
	if r.Repository != "" {
		scope = "REPO"
	}
	described := answer{
		"SyncRuleId": r.ID, "SyncRuleName": cmp.Or(r.Name, r.ID), "SyncDirection": direction, "SyncScope": scope,
		"SyncTrigger": cmp.Or(r.Trigger, "PASSIVE"), "TagFilter": cmp.Or(r.TagFilter, ".*"), "CrossUser": false,
		from + "InstanceId": source.ID, from + "RegionId": source.Region, from + "NamespaceName": r.Namespace, from + "RepoName": r.Repository,
		to + "InstanceId": r.TargetInstance, to + "RegionId": r.TargetRegion,
		to + "NamespaceName": cmp.Or(r.TargetNamespace, r.Namespace), to + "RepoName": cmp.Or(r.TargetRepository, r.Repository),
	}
	if scope == "NAMESPACE" {
		described["RepoNameFilter"] = cmp.Or(r.RepoFilter, ".*")
	}
	return described
}

// listed answers with one page of ACR's: pages hold at most 100 items, as
// https://help.aliyun.com/document_detail/451339.htm tells for repositories; how
// many where PageSize isn't given is not documented. Some totals are texts.
func listed(p parameters, name string, items []answer, text bool) (answer, *refusal) {
	number, size := 1, 30
	for _, f := range []struct {
		name  string
		value *int
		most  int
	}{{"PageNo", &number, 1 << 30}, {"PageSize", &size, 100}} {
		if p[f.name] == "" {
			continue
		}
		n, err := strconv.Atoi(p[f.name])
		if err != nil || n < 1 || n > f.most {
			return nil, invalid(f.name)
		}
		*f.value = n
	}
	content := succeeded(answer{"PageNo": number, "PageSize": size, "TotalCount": len(items), name: part(items, number, size)})
	if text {
		content["TotalCount"] = strconv.Itoa(len(items))
	}
	return content, nil
}

// part is a page of a list, empty where there is none.
func part(items []answer, number, size int) []answer {
	from := min(len(items), (number-1)*size)
	return append([]answer{}, items[from:min(len(items), from+size)]...)
}

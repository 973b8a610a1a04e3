package alibaba

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/cr_ee"
)

// A SyncRule has ACR copy images from one instance to another.
//
// Source: https://help.aliyun.com/document_detail/451327.htm
type SyncRule struct {
	ID, Name string
	// Scope tells whether the rule is for a namespace or for one repository.
	Scope SyncScope
	// Automatic rules copy at each push; others when somebody starts them.
	Automatic bool
	// Source is where images come from, Target where they are copied to.
	Source, Target SyncPlace
	// RepoFilter and TagFilter are regular expressions; empty is everything.
	// RepoFilter is used with the scope Namespace only.
	RepoFilter, TagFilter string
}

// A SyncPlace is one end of a rule. Repo is empty where the rule is for a namespace.
type SyncPlace struct{ Instance, Region, Namespace, Repo string }

// A SyncScope is what a rule is for.
type SyncScope string

// The scopes, as ACR writes them.
const (
	NamespaceScope  SyncScope = "NAMESPACE"
	RepositoryScope SyncScope = "REPO"
)

const listRepoSyncRule = "ListRepoSyncRule"

// ReadSyncRules returns the rules that copy images from an instance, ordered by
// id. Those that copy to it stand in the lists of their own sources. An error is
// one sentence.
func (c *Client) ReadSyncRules(ctx context.Context, id, region string) ([]SyncRule, error) {
	rules, err := readAll(ctx, list{registryService, listRepoSyncRule}, func(r syncRule) string { return r.SyncRuleID },
		func(ctx context.Context, number int) (page[syncRule], error) {
			var p page[syncRule]
			err := c.registry(ctx, listRepoSyncRule, region, func(client *cr_ee.Client) error {
				request := cr_ee.CreateListRepoSyncRuleRequest()
				request.InstanceId = id
				request.PageNo, request.PageSize = requests.NewInteger(number), requests.NewInteger(pageSize)
				response := listRepoSyncRuleResponse{BaseResponse: &responses.BaseResponse{}}
				if err := client.DoAction(request, &response); err != nil {
					return err
				}
				if !response.Success {
					return unsuccessful(response.Code, response.RequestID)
				}
				p = page[syncRule]{number: response.PageNo, size: response.PageSize, total: response.TotalCount, items: response.SyncRules}
				return nil
			})
			return p, err
		})
	if err != nil {
		return nil, fmt.Errorf("could not read the synchronization rules of the instance %s: %w", id, err)
	}
	var from []SyncRule
	for _, r := range rules {
		converted, err := r.convert()
		if err != nil {
			return nil, fmt.Errorf("could not read the synchronization rules of the instance %s: %w", id, err)
		}
		if converted.Source.Instance == id {
			from = append(from, converted)
		}
	}
	slices.SortFunc(from, func(a, b SyncRule) int { return cmp.Compare(a.ID, b.ID) })
	return from, nil
}

// listRepoSyncRuleResponse has fields that the SDK's type lacks.
type listRepoSyncRuleResponse struct {
	*responses.BaseResponse
	Success    bool `json:"IsSuccess"`
	Code       string
	RequestID  string `json:"RequestId"`
	PageNo     int
	PageSize   int
	TotalCount int
	SyncRules  []syncRule
}

type syncRule struct {
	SyncRuleID          string `json:"SyncRuleId"`
	SyncRuleName        string
	SyncDirection       string
	SyncScope           string
	SyncTrigger         string
	LocalRegionID       string `json:"LocalRegionId"`
	LocalInstanceID     string `json:"LocalInstanceId"`
	LocalNamespaceName  string
	LocalRepoName       string
	TargetRegionID      string `json:"TargetRegionId"`
	TargetInstanceID    string `json:"TargetInstanceId"`
	TargetNamespaceName string
	TargetRepoName      string
	RepoNameFilter      string
	TagFilter           string
}

// convert puts source and target in the order in which images go.
func (r syncRule) convert() (SyncRule, error) {
	local := SyncPlace{Instance: r.LocalInstanceID, Region: r.LocalRegionID, Namespace: r.LocalNamespaceName, Repo: r.LocalRepoName}
	target := SyncPlace{Instance: r.TargetInstanceID, Region: r.TargetRegionID, Namespace: r.TargetNamespaceName, Repo: r.TargetRepoName}
	converted := SyncRule{
		ID: r.SyncRuleID, Name: r.SyncRuleName, Scope: SyncScope(r.SyncScope), Automatic: r.SyncTrigger == "PASSIVE",
		Source: local, Target: target, RepoFilter: r.RepoNameFilter, TagFilter: r.TagFilter,
	}
	switch r.SyncDirection {
	case "FROM": // from the local instance
	case "TO":
		converted.Source, converted.Target = target, local
	default:
		return SyncRule{}, r.malformed("SyncDirection", r.SyncDirection)
	}
	switch {
	case r.SyncTrigger != "PASSIVE" && r.SyncTrigger != "INITIATIVE":
		return SyncRule{}, r.malformed("SyncTrigger", r.SyncTrigger)
	case local.Instance == "" || local.Namespace == "":
		return SyncRule{}, r.malformed("LocalNamespaceName", local.Namespace)
	case target.Instance == "" || target.Namespace == "":
		return SyncRule{}, r.malformed("TargetNamespaceName", target.Namespace)
	}
	switch converted.Scope {
	case NamespaceScope:
		converted.Source.Repo, converted.Target.Repo = "", ""
	case RepositoryScope:
		if local.Repo == "" || target.Repo == "" {
			return SyncRule{}, r.malformed("LocalRepoName", local.Repo)
		}
		converted.RepoFilter = ""
	default:
		return SyncRule{}, r.malformed("SyncScope", r.SyncScope)
	}
	return converted, nil
}

func (r syncRule) malformed(field, value string) error {
	return list{registryService, listRepoSyncRule}.malformed(clean(fmt.Sprintf("the rule %q has the %s %q", r.SyncRuleID, field, value), "", Session{}))
}

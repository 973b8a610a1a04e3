package alibaba

// rights are the RAM actions that go by another name than the API's own.
//
// Source: https://api.aliyun.com/document/cr/2018-12-01/ram
var rights = map[string]string{
	listRepoSyncRule:   "ListSyncRule",   // https://help.aliyun.com/document_detail/451327.htm
	createRepoSyncRule: "CreateSyncRule", // https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-createreposyncrule
}

// Right is the RAM action that a call needs, such as cr:ListSyncRule for ListRepoSyncRule.
func Right(service, action string) string {
	if right, other := rights[action]; other {
		action = right
	}
	return service + ":" + action
}

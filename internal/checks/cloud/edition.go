package cloud

import (
	"fmt"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
)

// edition goes by what ACR's pages say of the instance that images come from:
// Advanced alone on
// https://www.alibabacloud.com/help/en/acr/user-guide/replicate-images-between-instances-in-the-same-account,
// Standard or Advanced on
// https://alibabacloud.com/help/zh/acr/user-guide/replicate-images-between-instances-across-accounts.
func edition(v view) []checks.Finding {
	var all []checks.Finding
	for _, i := range v.Endpoint.Instances {
		read := v.of(i)
		d := read.Description.Value
		level, why := checks.Warning, "what is pushed to it during a failover isn't copied back"
		if i.Name == v.Primary {
			level, why = checks.Failed, "its images can't be copied to a standby"
		}
		remedy := fmt.Sprintf("upgrade %s to the edition Advanced, also called Premium", i.ID)
		switch {
		case read.Description.Err != nil:
			all = append(all, unknown(i.Name, read.Description.Err))
		case d.Status != "RUNNING":
			all = append(all, find(checks.Failed, i.Name, fmt.Sprintf("the instance has the status %s", d.Status), "start or renew it in ACR's console"))
		case d.Edition == alibaba.Advanced:
			all = append(all, ok(i.Name, "runs, and its edition %s can copy images to others", d.Edition))
		case d.Edition == alibaba.Standard && len(read.Rules.Value) > 0:
			all = append(all, ok(i.Name, "runs, and its edition %s has rules that copy images to others", d.Edition))
		case d.Edition == alibaba.Basic:
			all = append(all, find(level, i.Name, fmt.Sprintf("its edition %s can only be copied to: %s", d.Edition, why), remedy))
		case d.Edition != alibaba.Standard:
			all = append(all, find(checks.Warning, i.Name, fmt.Sprintf("the edition %s isn't known here: whether it can copy images to others is for ACR's documents to say", d.Edition),
				"look it up in ACR's documents"))
		default:
			all = append(all, find(checks.Warning, i.Name, fmt.Sprintf("ACR's documents don't agree whether its edition %s can copy images to others", d.Edition), remedy))
		}
	}
	return all
}

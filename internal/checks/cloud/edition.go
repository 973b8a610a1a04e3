package cloud

import (
	"fmt"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
)

// CopiedFrom tells whether ACR copies images from the instance, and whether that
// is known: its pages say Advanced alone on
// https://www.alibabacloud.com/help/en/acr/user-guide/replicate-images-between-instances-in-the-same-account,
// Standard or Advanced on
// https://alibabacloud.com/help/zh/acr/user-guide/replicate-images-between-instances-across-accounts.
// An instance that has rules shows it.
func (i Instance) CopiedFrom() (may, known bool) {
	switch i.Description.Value.Edition {
	case alibaba.Basic:
		return false, true
	case alibaba.Advanced:
		return true, true
	default:
		return true, len(i.Rules.Value) > 0
	}
}

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
		may, known := read.CopiedFrom()
		switch {
		case read.Description.Err != nil:
			all = append(all, unknown(i.Name, read.Description.Err))
		case d.Status != "RUNNING":
			all = append(all, find(checks.Failed, i.Name, fmt.Sprintf("the instance has the status %s", d.Status), "start or renew it in ACR's console"))
		case !may:
			all = append(all, find(level, i.Name, fmt.Sprintf("its edition %s can only be copied to: %s", d.Edition, why), remedy))
		case !known:
			all = append(all, find(checks.Warning, i.Name, fmt.Sprintf("ACR's documents don't tell for sure whether its edition %s can copy images to others", d.Edition),
				"make a rule, which ACR takes or refuses: "+setup+" shows the calls; or "+remedy))
		default:
			all = append(all, ok(i.Name, "runs, and its edition %s can copy images to others", d.Edition))
		}
	}
	return all
}

package setup

import (
	"fmt"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// syncRules plans rules from the primary to each standby, and back, where the
// source's edition may be copied from.
func (p *planner) syncRules() {
	for _, i := range p.endpoint.Instances {
		if i.Name != p.endpoint.Primary {
			continue
		}
		for _, standby := range p.endpoint.Instances {
			if standby.Name != i.Name {
				p.direction(i, standby, true, "images are missing after a failover")
				p.direction(standby, i, false, "images that are pushed during a failover are missing afterwards")
			}
		}
	}
}

func (p *planner) direction(from, to config.Instance, forth bool, without string) {
	source, target := p.of(from), p.of(to)
	if source.Description.Err != nil || source.Namespaces.Err != nil || source.Rules.Err != nil || target.Namespaces.Err != nil {
		return
	}
	may, known := source.CopiedFrom()
	if !may {
		return
	}
	for _, namespace := range source.Namespaces.Value {
		// A rule that is there stays as it is, whatever it leaves out or renames: somebody had a reason for it.
		taken := slices.ContainsFunc(source.Rules.Value, func(r alibaba.SyncRule) bool {
			return r.Source.Namespace == namespace && r.Target.Instance == to.ID
		})
		there := slices.Contains(target.Namespaces.Value, namespace)
		call := alibaba.SyncNamespace(from.ID, from.Region, to.ID, to.Region, namespace)
		why := fmt.Sprintf("what is pushed to %s at %s isn't copied to %s: %s", namespace, from.Name, to.Name, without)
		if !known {
			why += fmt.Sprintf("; ACR may refuse it because of the edition %s of %s: then that needs an upgrade", source.Description.Value.Edition, from.Name)
		}
		switch {
		case taken || !p.world.Wants(p.endpoint, namespace):
		case there:
			p.step(Step{
				Call: call, Check: cloud.CodeSyncScope, Why: why,
				Opens: fmt.Sprintf("what is pushed to %s at %s from now on, to whoever may pull from it at %s; what is there already isn't copied", namespace, from.Name, to.Name),
			})
		case forth: // what only a standby has is none of the primary's
			p.wait(Waiting{
				Check: cloud.CodeSyncScope, Subject: from.Name + "→" + to.Name, Action: call.Action(), Why: why,
				For: fmt.Sprintf("the namespace %s at %s: make it in ACR's console, with repositories made automatically", namespace, to.Name),
			})
		}
	}
}

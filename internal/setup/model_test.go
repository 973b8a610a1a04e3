package setup

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// A model is a cloud as ACR's pages describe it, without its wire.
type model struct {
	instances map[string]state // by id
	calls     []string
	// fail decides about the next call: an error, and whether it has taken effect all the same.
	fail func(alibaba.RegistryCall) (err error, effect bool)
	// slow is how often a reading tells that something new isn't ready.
	slow int
	// unlisted lets a new public endpoint begin with an empty list.
	unlisted bool
}

// edit changes an instance; what was read before stays as it was.
func (m *model) edit(id string, change func(*state)) {
	s := m.instances[id]
	s.Ways.Value.Endpoints, s.Rules.Value = slices.Clone(s.Ways.Value.Endpoints), slices.Clone(s.Rules.Value)
	change(&s)
	m.instances[id] = s
}

var errRefused = errors.New("refused")

func (m *model) Carry(_ context.Context, call alibaba.RegistryCall) error {
	m.calls = append(m.calls, call.Action())
	var err error
	if m.fail != nil {
		var effect bool
		if err, effect = m.fail(call); !effect {
			return err
		}
	}
	var refused error
	m.edit(call.Parameter("InstanceId"), func(s *state) { refused = m.change(s, call) })
	return errors.Join(refused, err)
}

func (m *model) change(r *state, call alibaba.RegistryCall) error {
	public := slices.IndexFunc(r.Ways.Value.Endpoints, func(e alibaba.Endpoint) bool { return e.Type == "internet" })
	switch call.Action() {
	case "CreateRepoSyncRule":
		to, there := m.instances[call.Parameter("TargetInstanceId")]
		from, target := call.Parameter("NamespaceName"), call.Parameter("TargetNamespaceName")
		if !there || r.Description.Value.Edition == alibaba.Basic || !slices.Contains(r.Namespaces.Value, from) || !slices.Contains(to.Namespaces.Value, target) {
			return errRefused
		}
		r.Rules.Value = append(r.Rules.Value, alibaba.SyncRule{
			ID: fmt.Sprint(len(m.calls)), Name: call.Parameter("SyncRuleName"), Scope: alibaba.SyncScope(call.Parameter("SyncScope")), Automatic: call.Parameter("SyncTrigger") == "PASSIVE",
			Source:    alibaba.SyncPlace{Instance: call.Parameter("InstanceId"), Namespace: from},
			Target:    alibaba.SyncPlace{Instance: call.Parameter("TargetInstanceId"), Namespace: target},
			TagFilter: call.Parameter("TagFilter"),
		})
	case "UpdateInstanceEndpointStatus":
		e := &r.Ways.Value.Endpoints[public]
		e.Enabled, e.Restricted, e.Status = call.Parameter("Enable") == "true", true, "RUNNING"
		if len(e.ACL) == 0 && !m.unlisted {
			e.ACL = []string{"127.0.0.1/32"}
		}
	case "CreateInstanceEndpointAclPolicy":
		e := &r.Ways.Value.Endpoints[public]
		if !e.Enabled || slices.Contains(e.ACL, call.Parameter("Entry")) {
			return errRefused
		}
		e.ACL = append(slices.Clone(e.ACL), call.Parameter("Entry"))
	case "CreateInstanceVpcEndpointLinkedVpc":
		vpc := call.Parameter("VpcId")
		if slices.ContainsFunc(r.Ways.Value.VPCs, func(v alibaba.LinkedVPC) bool { return v.VPC == vpc }) {
			return errRefused
		}
		r.Ways.Value.VPCs = append(slices.Clone(r.Ways.Value.VPCs), alibaba.LinkedVPC{VPC: vpc, Addr: netip.MustParseAddr("10.9.9.9"), Running: true})
	default:
		return errRefused
	}
	return nil
}

func (m *model) ReadInstance(_ context.Context, id, _ string) (alibaba.Instance, error) {
	ways := m.instances[id].Ways
	if m.slow > 0 {
		m.slow--
		ways.Value.VPCs, ways.Value.Endpoints = slices.Clone(ways.Value.VPCs), slices.Clone(ways.Value.Endpoints)
		for i := range ways.Value.VPCs {
			ways.Value.VPCs[i].Running = false
		}
		for i := range ways.Value.Endpoints {
			ways.Value.Endpoints[i].Status = "CREATING"
		}
	}
	return ways.Value, ways.Err
}

func (m *model) DescribeInstance(_ context.Context, id, _ string) (alibaba.Description, error) {
	return m.instances[id].Description.Value, m.instances[id].Description.Err
}

func (m *model) ReadNamespaces(_ context.Context, id, _ string) ([]alibaba.Namespace, error) {
	var all []alibaba.Namespace
	for _, name := range m.instances[id].Namespaces.Value {
		all = append(all, alibaba.Namespace{Name: name, AutoCreate: true})
	}
	return all, m.instances[id].Namespaces.Err
}

func (m *model) ReadSyncRules(_ context.Context, id, _ string) ([]alibaba.SyncRule, error) {
	return m.instances[id].Rules.Value, m.instances[id].Rules.Err
}

func (m *model) ReadRepositories(context.Context, string, string, string) ([]string, error) {
	return []string{"api", "web"}, nil
}

// ReadZones has one zone, which leads to the primary of twoRegions.
func (m *model) ReadZones(_ context.Context, name string) ([]alibaba.Zone, error) {
	return []alibaba.Zone{{
		ID: "zone", Name: name, Type: alibaba.AuthZone, VPCs: []alibaba.VPC{{ID: "vpc-bbbbb"}},
		Records: []alibaba.Record{{Addr: netip.MustParseAddr("10.2.0.10"), TTL: time.Minute}},
	}}, nil
}

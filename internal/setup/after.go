package setup

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// after is the world as it is to be when the steps are carried out.
func after(w cloud.World, steps []Step) cloud.World {
	w.Instances = maps.Clone(w.Instances)
	for _, e := range w.Config.Endpoints {
		for _, i := range e.Instances {
			read := w.Instances[cloud.Key(e, i)]
			read.Ways.Value.Endpoints = slices.Clone(read.Ways.Value.Endpoints)
			for _, s := range steps {
				if s.Call.Parameter("InstanceId") == i.ID {
					carriedOut(&read, s.Call, i)
				}
			}
			w.Instances[cloud.Key(e, i)] = read
		}
	}
	return w
}

// carriedOut does to what was read what the call does to the instance. Which
// address it gets in a VPC isn't known before: the configuration's is as good as any.
func carriedOut(read *cloud.Instance, call alibaba.RegistryCall, i config.Instance) {
	if namespace := call.Parameter("NamespaceName"); namespace != "" {
		read.Rules.Value = append(slices.Clip(read.Rules.Value), alibaba.SyncRule{
			Name: call.Parameter("SyncRuleName"), Scope: alibaba.NamespaceScope, Automatic: true,
			Source: alibaba.SyncPlace{Instance: call.Parameter("InstanceId"), Region: call.Parameter("RegionId"), Namespace: namespace},
			Target: alibaba.SyncPlace{Instance: call.Parameter("TargetInstanceId"), Region: call.Parameter("TargetRegionId"), Namespace: call.Parameter("TargetNamespaceName")},
		})
		return
	}
	ways := &read.Ways.Value
	if vpc := call.Parameter("VpcId"); vpc != "" {
		link := alibaba.LinkedVPC{VPC: vpc, Running: true}
		if len(i.InternalAddresses) > 0 {
			link.Addr, _ = netip.ParseAddr(i.InternalAddresses[0]) // the configuration is valid
		}
		ways.VPCs = append(slices.Clip(ways.VPCs), link)
		return
	}
	n := slices.IndexFunc(ways.Endpoints, func(e alibaba.Endpoint) bool { return e.Type == internet })
	if n < 0 {
		n, ways.Endpoints = len(ways.Endpoints), append(ways.Endpoints, alibaba.Endpoint{Type: internet})
	}
	e := &ways.Endpoints[n]
	if entry := call.Parameter("Entry"); entry != "" {
		e.Restricted, e.ACL = true, append(slices.Clip(e.ACL), entry)
	} else {
		e.Enabled, e.Status = true, ""
	}
}

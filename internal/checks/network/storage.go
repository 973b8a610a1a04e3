package network

import (
	"context"
	"strings"

	"github.com/registry-failover/registry-failover/internal/checks"
)

// storage tells whether clients can connect to where each instance keeps its
// layers. Only a pull shows where it really sends them, so nothing is Failed here.
func (s *survey) storage(ctx context.Context) []finding {
	return s.needs(ctx, func(w *way) need {
		a := w.result.Answer
		if a.Instance.ID == "" || a.Realm == nil {
			f := w.says(checks.Unknown, "doesn't tell which instance it is, or which network it takes this for",
				"pull an image through it to see whether its layers come")
			return need{problem: &f}
		}
		return need{host: &host{name: bucket(a.Instance.ID, a.Instance.Region, isInternal(a.Realm.Hostname())), port: 443}}
	}, func(w *way, h *host) finding {
		return w.says(checks.Warning, "the storage, by ACR's documents: "+h.err.Error(),
			"let this host resolve "+h.name+" and connect to it, or the host that a rule of the instance's gives for it")
	})
}

// bucket is the host of an instance's layers. Its form is that of the examples in
// ACR's API CreateStorageDomainRoutingRule (RouteItem.StorageDomain).
func bucket(id, region string, internal bool) string {
	if internal {
		region += "-internal"
	}
	return id + "-registry.oss-" + region + ".aliyuncs.com"
}

// isInternal says whether an instance takes its client for one in a VPC: it names
// a token service for VPCs then, such as dockerauth-vpc.cn-hangzhou.aliyuncs.com,
// and gives layers from OSS's internal endpoint (ACR's page "Customize OSS domain
// name routing rules"). That both go together is inferred.
func isInternal(realm string) bool {
	label, _, _ := strings.Cut(realm, ".")
	for word := range strings.SplitSeq(label, "-") {
		if word == "vpc" {
			return true
		}
	}
	return false
}

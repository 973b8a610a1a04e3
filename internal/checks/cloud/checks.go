package cloud

import (
	"context"
	"net/netip"
	"sync"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// The codes of these checks.
const (
	CodeCustomDomain checks.Code = "CUSTOM-DOMAIN"
	CodeEdition      checks.Code = "EDITION"
	CodeSyncRules    checks.Code = "SYNC-RULES"
	CodeSyncNames    checks.Code = "SYNC-NAMES"
	CodeSyncScope    checks.Code = "SYNC-SCOPE"
	CodeVPCLink      checks.Code = "VPC-LINK"
	CodePublicAccess checks.Code = "PUBLIC-ACCESS"
	CodeZones        checks.Code = "ZONES"
	CodeRAM          checks.Code = "RAM"
)

// Options are what the checks need.
type Options struct {
	// Config is valid.
	Config *config.Config
	Cloud  Cloud
	// Egress are the addresses that the cluster has on the Internet; nil where nobody told.
	Egress []netip.Addr
}

// All are the checks, in the order of the manual procedure. The first that runs
// reads for all of them.
func All(o Options) []checks.Check {
	var once sync.Once
	var world World
	return of(func(ctx context.Context) World {
		once.Do(func() { world = Read(ctx, o.Cloud, o.Config, o.Egress) })
		return world
	})
}

// Judge says what the checks find in a world that was read, or is only thought of.
func Judge(ctx context.Context, w World) []checks.Result {
	return checks.Run(ctx, of(func(context.Context) World { return w }))
}

func of(read func(context.Context) World) []checks.Check {
	// each looks at one endpoint after the other.
	each := func(code checks.Code, about string, look func(view) []checks.Finding) checks.Check {
		return checks.Check{Code: code, About: about, Run: func(ctx context.Context) []checks.Finding {
			var all []checks.Finding
			for _, v := range read(ctx).views() {
				for _, f := range look(v) {
					f.Endpoint = v.Name
					all = append(all, f)
				}
			}
			return all
		}}
	}
	return []checks.Check{
		each(CodeCustomDomain, "every instance carries the custom domain", customDomain),
		each(CodeEdition, "the instances run, and their editions can copy images to each other", edition),
		each(CodeSyncRules, "rules copy images from the primary to each standby, and back", syncRules),
		each(CodeSyncNames, "rules keep the names of namespaces and repositories", syncNames),
		each(CodeSyncScope, "rules copy every repository that the endpoint stands for", syncScope),
		each(CodeVPCLink, "instances have the addresses that they are reached by in a VPC", vpcLink),
		each(CodePublicAccess, "instances let the cluster in that it reaches over the Internet", publicAccess),
		each(CodeZones, "PrivateZone leads the name where it should in each VPC that counts", zones),
		{Code: CodeRAM, About: "these credentials may read all that is looked at", Run: func(ctx context.Context) []checks.Finding {
			return ram(read(ctx))
		}},
	}
}

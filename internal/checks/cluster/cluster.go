package cluster

import (
	"context"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// The codes of this package's checks. docs/checks.md has a section for each.
const (
	OwnImages     checks.Code = "OWN-IMAGES"
	ImagePolicies checks.Code = "IMAGE-POLICIES"
	SerialPulls   checks.Code = "SERIAL-PULLS"
)

// Options are what the checks need; all are required.
type Options struct {
	// Config must be valid.
	Config *config.Config
	// Namespace is the product's.
	Namespace string
	Core      corev1client.CoreV1Interface
	// Kinds tells which policies the API server has.
	Kinds   discovery.DiscoveryInterfaceWithContext
	Objects dynamic.Interface
}

// All are the checks.
func All(o Options) []checks.Check {
	return []checks.Check{
		{
			Code: OwnImages, About: "the product's own images don't come from what fails over",
			Run: func(ctx context.Context) []checks.Finding { return ownImages(ctx, o) },
		},
		{
			Code: ImagePolicies, About: "policies that name a source host name the shared endpoint, too",
			Run: func(ctx context.Context) []checks.Finding { return imagePolicies(ctx, o) },
		},
		{
			Code: SerialPulls, About: "a pull that hangs holds up no other pod of its node",
			Run: func(ctx context.Context) []checks.Finding { return serialPulls(ctx, o) },
		},
	}
}

package network

import (
	"context"
	"slices"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// The codes of this package's checks. docs/checks.md has a section for each.
const (
	Resolves          checks.Code = "RESOLVES"
	Reachable         checks.Code = "REACHABLE"
	Certificate       checks.Code = "CERTIFICATE"
	CertificateExpiry checks.Code = "CERTIFICATE-EXPIRY"
	Identity          checks.Code = "IDENTITY"
	TokenRealm        checks.Code = "TOKEN-REALM"
	Storage           checks.Code = "STORAGE"
)

// Options are what the checks need.
type Options struct {
	// Config must be valid.
	Config *config.Config
	// Prober asks the instances; its zero value asks as the system does. What counts is
	// what the nodes know: in a pod, the node's network, DNS servers and authorities.
	Prober health.Prober
}

// All are the checks in the order of a pull. They share what they see: the first
// that runs asks all instances at once, until its ctx ends.
func All(o Options) []checks.Check { return newSurvey(o).all() }

func (s *survey) all() []checks.Check {
	return []checks.Check{
		s.check(Resolves, "the shared endpoint resolves from here, to the primary", s.resolves),
		s.check(Reachable, "every instance answers from here", s.reachable),
		s.check(Certificate, "every instance has a certificate for the shared endpoint", s.certificate),
		s.check(CertificateExpiry, "no certificate ends soon", s.certificateExpiry),
		s.check(Identity, "every instance answers as itself", s.identity),
		s.check(TokenRealm, "every instance's token service can be connected to from here", s.tokenRealm),
		s.check(Storage, "every instance's storage can be connected to from here", s.storage),
	}
}

// Install are the checks for a hook before an installation or upgrade. A finding
// has the level Failed only where new pods would break for a reason that doesn't
// pass by itself: the shared endpoint doesn't exist for this host's DNS, or what
// answers there has a certificate for another name or time, or is another instance. All
// else that All calls Failed is a Warning: an upgrade must be possible while a
// standby is wrong, and a node may trust an authority that isn't known here. With the
// enforcement Audit nothing is rewritten, and nothing has the level Failed.
func Install(o Options) []checks.Check {
	s := newSurvey(o)
	s.install = true
	s.rewrites = o.Config.Admission.Enforcement != config.Audit
	return slices.DeleteFunc(s.all(), func(c checks.Check) bool { return c.Code == TokenRealm || c.Code == Storage })
}

// A finding is one with what an installation makes of it.
type finding struct {
	checks.Finding
	// breaks says that new pods break as long as somebody doesn't mend it.
	breaks bool
}

// check makes a check of a function that judges what the survey has seen.
func (s *survey) check(code checks.Code, about string, judge func(context.Context) []finding) checks.Check {
	return checks.Check{Code: code, About: about, Run: func(ctx context.Context) []checks.Finding {
		s.look(ctx)
		var all []checks.Finding
		for _, f := range judge(ctx) {
			if s.install && f.Level == checks.Failed && (!f.breaks || !s.rewrites) {
				f.Level = checks.Warning
			}
			all = append(all, f.Finding)
		}
		return all
	}}
}

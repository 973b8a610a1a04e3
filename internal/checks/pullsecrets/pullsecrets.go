package pullsecrets

import (
	"context"
	"sync"

	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// The codes of this package's checks. docs/checks.md has a section for each.
const (
	PullSecrets checks.Code = "PULL-SECRETS"
	PullLogin   checks.Code = "PULL-LOGIN"
)

// told is how many findings are told one by one.
const told = 50

// Options are what the checks need.
type Options struct {
	// Config must be valid.
	Config *config.Config
	// Namespace is the product's.
	Namespace string
	// Own is the namespace of the caller's context: where not all pods may be listed,
	// those of this one and of the configuration's are.
	Own  string
	Core Core
	// Login adds the check that sends the credentials to the instances.
	Login bool
	// Prober is how the instances are reached; its zero value reaches them as the system does.
	Prober health.Prober
}

// Core is what is read of the API server.
type Core interface {
	corev1client.NamespacesGetter
	corev1client.PodsGetter
	corev1client.SecretsGetter
}

// All are the checks. They share what they read: the first that runs reads it,
// until its ctx ends.
func All(o Options) []checks.Check {
	s := &survey{Options: o, uses: map[use]*pods{}, secrets: map[key]*secret{}}
	list := []checks.Check{{
		Code: PullSecrets, About: "pods have a credential for the shared endpoint, for every instance of it",
		Run: func(ctx context.Context) []checks.Finding {
			s.look(ctx)
			return s.judge()
		},
	}}
	if o.Login {
		list = append(list, checks.Check{
			Code: PullLogin, About: "the instances take these credentials",
			Run: func(ctx context.Context) []checks.Finding {
				s.look(ctx)
				return s.logIn(ctx)
			},
		})
	}
	return list
}

// A survey is what the checks have read.
type survey struct {
	Options
	once     sync.Once
	rewriter *rewrite.Rewriter
	uses     map[use]*pods
	secrets  map[key]*secret
	// unread are findings about what could not be read.
	unread []checks.Finding
}

// look reads pods and Secrets, the first time that it is called.
func (s *survey) look(ctx context.Context) {
	s.once.Do(func() {
		var err error
		if s.rewriter, err = s.Config.Rewriter(); err != nil {
			s.unread = append(s.unread, checks.Finding{
				Level: checks.Unknown, Text: "the configuration can't be used: " + err.Error(), Remedy: "mend the configuration",
			})
			return
		}
		s.readPods(ctx)
		s.readSecrets(ctx)
	})
}

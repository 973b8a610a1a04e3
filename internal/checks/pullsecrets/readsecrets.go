package pullsecrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/checks"
	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// A key is a Secret's.
type key struct{ namespace, name string }

// A secret is what was read of one.
type secret struct {
	credentials []core.Credential
	absent      bool
	// problem is why it was not understood.
	problem error
	// unread is why it could not be read.
	unread error
}

// holds tells whether it has a credential for an instance, or with "" for the shared
// endpoint itself.
func (s *secret) holds(e config.Endpoint, instance string) bool {
	return slices.ContainsFunc(core.Holdings([]config.Endpoint{e}, s.credentials), func(h core.Holding) bool { return h.Instance == instance })
}

// unknown tells whether nobody here knows what is in it.
func (s *secret) unknown() bool { return s.unread != nil || errors.Is(s.problem, core.ErrTooLong) }

// readSecrets reads each Secret that pods list, or new ones would be given, once.
func (s *survey) readSecrets(ctx context.Context) {
	for _, u := range s.inOrder() {
		for _, name := range u.secrets() {
			s.read(ctx, key{u.namespace, name})
		}
		for _, name := range s.attached(u) {
			s.read(ctx, key{u.namespace, name})
		}
	}
	s.tellSecrets()
}

func (s *survey) read(ctx context.Context, k key) {
	if s.secrets[k] != nil {
		return
	}
	found := &secret{}
	s.secrets[k] = found
	object, err := s.Core.Secrets(k.namespace).Get(ctx, k.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		found.absent = true
	case err != nil:
		found.unread = err
	default:
		found.credentials, found.problem = core.Parse(string(object.Type), object.Data)
	}
}

// derives tells whether the controller writes companions in the namespace.
func (s *survey) derives(namespace string) bool {
	p := s.Config.PullSecrets
	return p.Mode == config.PullSecretsDerive && p.Covers(namespace) && namespace != s.Namespace
}

// attaches tells whether new pods of the use are given Secrets beside those that they list.
func (s *survey) attaches(u use) bool {
	return s.derives(u.namespace) && u.kind != written && u.listed != ""
}

// attached are the Secrets that a new pod of the use is given, as far as its own are
// read: the webhook names more where its index is late.
func (s *survey) attached(u use) []string {
	if !s.attaches(u) {
		return nil
	}
	e := s.endpointOf(u)
	var names []string
	for _, name := range u.secrets() {
		found := s.secrets[key{u.namespace, name}]
		if found == nil || found.holds(e, "") || name == s.Config.PullSecrets.BreakGlass {
			continue
		}
		for _, h := range core.Holdings([]config.Endpoint{e}, found.credentials) {
			names = append(names, core.CompanionName(name, e.Name, h.Instance))
		}
	}
	if s.Config.PullSecrets.Mints(u.namespace) {
		for _, i := range e.Instances {
			names = append(names, core.MintedName(e.Name, i.Name))
		}
	}
	if s.Config.PullSecrets.BreakGlass != "" {
		names = append(names, s.Config.PullSecrets.BreakGlass)
	}
	return names
}

// holdsShared tells whether a Secret has a credential for a shared endpoint itself.
func (s *survey) holdsShared(found *secret) bool {
	return slices.ContainsFunc(s.Config.Endpoints, func(e config.Endpoint) bool { return found.holds(e, "") })
}

// tellSecrets adds a finding for each Secret that isn't as it should be, and for each
// namespace of which Secrets could not be read.
func (s *survey) tellSecrets() {
	tell := func(k key, level checks.Level, text, remedy string) {
		s.unread = append(s.unread, checks.Finding{Level: level, Subject: k.namespace + "/" + k.name, Text: text, Remedy: remedy})
	}
	unreadIn := map[string][]string{}
	errIn := map[string]error{}
	for _, k := range slices.SortedFunc(maps.Keys(s.secrets), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	}) {
		switch found := s.secrets[k]; {
		case found.unread != nil:
			unreadIn[k.namespace] = append(unreadIn[k.namespace], k.name)
			if errIn[k.namespace] == nil || apierrors.IsForbidden(found.unread) {
				errIn[k.namespace] = found.unread
			}
		case errors.Is(found.problem, core.ErrTooLong):
			tell(k, checks.Unknown, "pods list this Secret, and it isn't read, here and by the controller: "+found.problem.Error(), "make it anew with less in it")
		case found.problem != nil:
			tell(k, checks.Warning, "pods list this Secret, and kubelet can't use it: "+found.problem.Error(), "make it anew, or take it out of imagePullSecrets")
		case k.name == s.Config.PullSecrets.BreakGlass && s.derives(k.namespace) && !found.absent && !s.holdsShared(found):
			tell(k, checks.Warning, "pullSecrets.breakGlass names this Secret, and it has no credential for a shared endpoint; nothing is derived of it",
				"make it anew, with a credential for the shared endpoint")
		}
	}
	for namespace, names := range unreadIn {
		f := unread(secretsNamed(names)+" can't be read", errIn[namespace], "get Secrets in the namespace "+namespace)
		f.Subject = namespace
		s.unread = append(s.unread, f)
	}
}

// secretsNamed names five at most.
func secretsNamed(names []string) string {
	const most = 5
	if len(names) == 1 {
		return "the Secret " + names[0]
	}
	rest := ""
	if len(names) > most {
		rest = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return "the Secrets " + strings.Join(names, ", ") + rest
}

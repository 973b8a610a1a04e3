package admission

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// namesBytes is how much of one list of names a warning has.
const namesBytes = 40

// secrets is what the configuration says about pull secrets, with what is known of them.
type secrets struct {
	attacher pullsecrets.Attacher
	index    *atomic.Pointer[pullsecrets.Index]
}

// credentials is what becomes of the pull secrets of one pod; nothing where it is zero.
type credentials struct {
	// attached are the names to append to the list, which isn't empty then.
	attached []string
	warning  string
}

// result is what the metric counts.
func (c credentials) result() string {
	switch {
	case len(c.attached) > 0:
		return credentialsAttached
	case c.warning != "":
		return credentialsWarned
	}
	return ""
}

// credentials says what becomes of the pull secrets of a pod that is created. Where an
// earlier pass has rewritten images, the list may be another webhook's by now.
func (p *Policy) credentials(namespace string, pod *podimages.Pod, findings []podimages.Finding) credentials {
	s, settings := p.secrets, p.secrets.attacher.Settings
	derive := settings.Mode == config.PullSecretsDerive
	if len(pod.Spec.ImagePullSecrets) == 0 || !settings.Covers(namespace) || derive && p.Audit {
		return credentials{}
	}
	rewritten := rewrittenTo(findings)
	first := len(rewritten) > 0
	if derive {
		rewritten = append(rewritten, p.rewrittenBefore(pod, findings)...)
	}
	if len(rewritten) == 0 {
		return credentials{}
	}
	listed := make([]string, len(pod.Spec.ImagePullSecrets))
	for i, secret := range pod.Spec.ImagePullSecrets {
		listed[i] = secret.Name
	}
	switch {
	case len(listed) > pullsecrets.MaxListed && !first:
		return credentials{} // it has been told, or what an earlier pass appended has made it so long
	case len(listed) > pullsecrets.MaxListed:
		return credentials{warning: fmt.Sprintf("registry-failover does nothing about the pull secrets of a pod that lists more than %d", pullsecrets.MaxListed)}
	}
	var known pullsecrets.Namespace
	if index := s.index.Load(); index != nil {
		known = (*index)[namespace]
	}
	if derive {
		return credentials{attached: s.attacher.Names(namespace, listed, rewritten, known)}
	}
	endpoints := slices.DeleteFunc(slices.Clone(s.attacher.Endpoints), func(e config.Endpoint) bool { return !slices.Contains(rewritten, e.Name) })
	if lack, lacks := pullsecrets.Lacks(endpoints, listed, known); lacks {
		return credentials{warning: describe(lack, listed)}
	}
	return credentials{}
}

// rewrittenTo are the shared endpoints of the images that change.
func rewrittenTo(findings []podimages.Finding) []string {
	var endpoints []string
	for _, f := range findings {
		if f.Result.Changed() && !slices.Contains(endpoints, f.Result.Endpoint) {
			endpoints = append(endpoints, f.Result.Endpoint)
		}
	}
	return endpoints
}

// describe says a lack with its remedy. However long the names are, the remedy is whole.
func describe(lack pullsecrets.Lack, listed []string) string {
	names := func(list []string) string { return clip(strings.Join(list, ", "), namesBytes) }
	remedy := ": list a Secret for the shared endpoint, or set pullSecrets.mode: Derive"
	what := fmt.Sprintf("registry-failover: imagePullSecrets (%s) have no credential for %s", names(listed), lack.Endpoint)
	switch {
	case lack.OwnTemporary:
		what = fmt.Sprintf("registry-failover: imagePullSecrets (%s) have only a credential for %s that ends within an hour", names(listed), lack.Endpoint)
		remedy = ": list a Secret with a permanent one"
	case len(lack.Missing)+len(lack.Temporary) > 0:
		remedy = ": list a Secret for the shared endpoint, or one for each instance with pullSecrets.mode: Derive"
	}
	if len(lack.Missing) > 0 {
		what += ", none for " + names(lack.Missing)
	}
	if len(lack.Temporary) > 0 {
		what += ", a temporary one for " + names(lack.Temporary)
	}
	return clip(what, warningBytes-len(remedy)) + remedy
}

// appended is an operation for each name. The list is there, and isn't empty.
func (p patch) appended(names []string) patch {
	for _, name := range names {
		p = p.with("add", "/spec/imagePullSecrets/-", append(appendString([]byte(`{"name":`), name), '}'))
	}
	return p
}

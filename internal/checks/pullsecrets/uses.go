package pullsecrets

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/podimages"
	core "github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// A use is what the pods have in common that pull alike from a shared endpoint.
type use struct {
	namespace, account, endpoint string
	// listed are the names in imagePullSecrets, one a line and in their order.
	listed string
	// repositories are what they pull, one a line, sorted.
	repositories string
	kind         kind
}

// A kind tells why pods pull from the shared endpoint.
type kind int

// The kinds. Of a pod's images the highest counts: Secrets are attached to the pod.
const (
	// audited: a new pod would be rewritten, if enforcement weren't Audit.
	audited kind = iota
	// written: the pod's manifest names the shared endpoint, so that nothing is rewritten.
	written
	// rewritten: the webhook has rewritten the pod.
	rewritten
	// coming: a new pod will be rewritten.
	coming
)

// pods are those of a use.
type pods struct {
	count int
	// owner is one's, such as Deployment/web.
	owner string
	// images are one pod's, one for each repository.
	images []registrylogin.Image
}

// add counts a pod to its uses.
func (s *survey) add(namespaces stragglers.Namespaces, pod *corev1.Pod) {
	type pull struct {
		kind   kind
		images map[string]registrylogin.Image
	}
	pulls := map[string]*pull{}
	note := func(endpoint, image string, k kind) {
		i, ok := imageOf(image)
		if !ok {
			return
		}
		if pulls[endpoint] == nil {
			pulls[endpoint] = &pull{images: map[string]registrylogin.Image{}}
		}
		pulls[endpoint].images[i.Repository] = i
		pulls[endpoint].kind = max(pulls[endpoint].kind, k)
	}
	for _, i := range namespaces.Images(s.rewriter, pod) {
		switch i.Reason {
		case stragglers.NotRewritten:
			note(i.Endpoint, i.Rewritten, coming)
		case stragglers.Audited:
			note(i.Endpoint, s.rewriter.Rewrite(i.Image).Image, audited)
		}
	}
	were := s.wereRewritten(pod)
	for _, i := range stragglers.Shared(s.rewriter, pod) {
		k := written
		if were[i.Endpoint] {
			k = rewritten
		}
		note(i.Endpoint, i.Image, k)
	}
	for endpoint, p := range pulls {
		u := use{
			namespace: pod.Namespace, account: cmp.Or(pod.Spec.ServiceAccountName, "default"), endpoint: endpoint, kind: p.kind,
			listed: strings.Join(listedBy(pod), "\n"), repositories: strings.Join(slices.Sorted(maps.Keys(p.images)), "\n"),
		}
		if s.uses[u] == nil {
			s.uses[u] = &pods{owner: stragglers.Owner(pod)}
			for _, repository := range u.pulled() {
				s.uses[u].images = append(s.uses[u].images, p.images[repository])
			}
		}
		s.uses[u].count++
	}
}

// wereRewritten are the endpoints to which the webhook has rewritten images of the pod.
func (s *survey) wereRewritten(pod *corev1.Pod) map[string]bool {
	var originals map[string]string
	_ = json.Unmarshal([]byte(pod.Annotations[podimages.OriginalsAnnotation]), &originals) // others may have written it
	found := map[string]bool{}
	for _, image := range originals {
		if r := s.rewriter.Rewrite(image); r.Changed() {
			found[r.Endpoint] = true
		}
	}
	return found
}

// listedBy are the names that Secrets can have, each once: the API server takes others,
// too. Of a longer list nobody reads the rest, as nothing is attached to it.
func listedBy(pod *corev1.Pod) []string {
	var names []string
	for _, s := range pod.Spec.ImagePullSecrets[:min(len(pod.Spec.ImagePullSecrets), core.MaxListed)] {
		if core.IsSecretName(s.Name) && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// imageOf reads a reference with a host.
func imageOf(image string) (registrylogin.Image, bool) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return registrylogin.Image{}, false
	}
	i := registrylogin.Image{Repository: reference.Path(named)}
	switch r := reference.TagNameOnly(named).(type) {
	case reference.Digested:
		i.Reference = r.Digest().String()
	case reference.Tagged:
		i.Reference = r.Tag()
	}
	return i, true
}

func (u use) pulled() []string { return strings.Split(u.repositories, "\n") }

func (u use) secrets() []string {
	if u.listed == "" {
		return nil
	}
	return strings.Split(u.listed, "\n")
}

// inOrder are the uses, always in the same order.
func (s *survey) inOrder() []use {
	return slices.SortedFunc(maps.Keys(s.uses), func(a, b use) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.account, b.account), cmp.Compare(a.endpoint, b.endpoint),
			cmp.Compare(a.listed, b.listed), cmp.Compare(a.repositories, b.repositories), cmp.Compare(a.kind, b.kind))
	})
}

// endpointOf is the configuration's; a use's endpoint is always there.
func (s *survey) endpointOf(u use) config.Endpoint { return s.Config.Endpoints[s.indexOf(u)] }

func (s *survey) indexOf(u use) int {
	return slices.IndexFunc(s.Config.Endpoints, func(e config.Endpoint) bool { return e.Name == u.endpoint })
}

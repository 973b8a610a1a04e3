package readiness

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

var digestForm = regexp.MustCompile(`^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)

const (
	// mostWorkloads of an image are named; the others are counted.
	mostWorkloads = 10
	// mostDigests of an image that run are remembered: of a tag that moves there may be
	// as many as there are pods.
	mostDigests = 4
)

// A Puller is what decides with which credentials pods pull: kubelet looks for them in the
// Secrets that a pod lists. Pullers are compared by value.
type Puller struct {
	Namespace string
	// Listed are the names in imagePullSecrets, one a line and in their order.
	Listed string
	// Account is the ServiceAccount whose list a pod is given, where it is a template's
	// that has none of its own; else it is empty.
	Account string
}

// A Survey is what the cluster's pods and workloads name, collected in one pass. What is
// kept grows with the number of different images and of different kinds of pods.
type Survey struct {
	rewriter   *rewrite.Rewriter
	namespaces stragglers.Namespaces
	wanted     map[string]*wanted
	shapes     map[string]*shape
	pullers    map[Puller]*Puller
	// seen are the images that an owner's pods have, so that its template need not tell of
	// them once more.
	seen map[string]bool
}

// A wanted image has what was found of it.
type wanted struct {
	Image
	// digests are those that run.
	digests   []string
	workloads []string
	more      int
	pullers   []*Puller
}

// A shape is what pods have in common that pull the same images in the same way.
type shape struct {
	images []string
	puller *Puller
	pods   int
}

// NewSurvey begins one. The rewriter and what is known of the namespaces tell what becomes
// of a pod that is made anew.
func NewSurvey(r *rewrite.Rewriter, n stragglers.Namespaces) *Survey {
	return &Survey{
		rewriter: r, namespaces: n, wanted: map[string]*wanted{}, shapes: map[string]*shape{}, pullers: map[Puller]*Puller{}, seen: map[string]bool{},
	}
}

// AddPod takes an unfinished pod. Nothing of it is kept but strings. One that is being
// deleted isn't started again: what replaces it is a pod of its own.
func (s *Survey) AddPod(pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil {
		return
	}
	names := s.names(pod)
	if len(names) == 0 {
		return
	}
	p := s.puller(Puller{Namespace: pod.Namespace, Listed: listed(pod.Spec.ImagePullSecrets)})
	owner := workload(pod.Namespace, stragglers.Owner(pod))
	images := make([]string, 0, len(names))
	for _, n := range names {
		w, ok := s.want(n, p, owner)
		if !ok {
			continue
		}
		images = append(images, w.Name)
		for _, digest := range digestsOf(pod, n.written) {
			if !slices.Contains(w.digests, digest) && len(w.digests) < mostDigests {
				w.digests = append(w.digests, strings.Clone(digest))
			}
		}
	}
	slices.Sort(images)
	images = slices.Compact(images)
	key := p.Namespace + "\x00" + p.Listed + "\x00" + strings.Join(images, "\x00")
	if s.shapes[key] == nil {
		s.shapes[key] = &shape{images: images, puller: p}
	}
	s.shapes[key].pods++
}

// AddTemplate takes the template of a workload's pods. Images that the workload's pods
// have already told of are left to them.
func (s *Survey) AddTemplate(namespace, owner string, template *corev1.PodTemplateSpec) {
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Namespace = namespace
	owner = workload(namespace, owner)
	p := Puller{Namespace: namespace, Listed: listed(template.Spec.ImagePullSecrets)}
	if p.Listed == "" {
		p.Account = cmp.Or(template.Spec.ServiceAccountName, "default")
	}
	for _, n := range s.names(pod) {
		if !s.seen[owner+" "+n.rewritten] {
			s.want(n, s.puller(p), owner)
		}
	}
}

// A naming is an image as a pod has it written, and as a new one would.
type naming struct{ written, rewritten, endpoint string }

// names are the images of a pod that name a shared endpoint, or would in a new pod.
func (s *Survey) names(pod *corev1.Pod) []naming {
	var names []naming
	for _, r := range stragglers.Shared(s.rewriter, pod) {
		names = append(names, naming{r.Image, r.Image, r.Endpoint})
	}
	for _, i := range s.namespaces.Images(s.rewriter, pod) {
		if i.Reason == stragglers.NotRewritten {
			names = append(names, naming{i.Image, i.Rewritten, i.Endpoint})
		}
	}
	return names
}

// want notes that a workload's pods pull an image.
func (s *Survey) want(n naming, p *Puller, owner string) (*wanted, bool) {
	// The host may be written in capitals, and is the endpoint's all the same.
	name := n.endpoint + n.rewritten[min(len(n.endpoint), len(n.rewritten)):]
	w := s.wanted[name]
	if w == nil {
		image, ok := parseImage(n.endpoint, name)
		if !ok {
			return nil, false
		}
		w = &wanted{Image: image}
		s.wanted[name] = w
	}
	if !slices.Contains(w.pullers, p) {
		w.pullers = append(w.pullers, p)
	}
	if key := owner + " " + n.rewritten; !s.seen[key] {
		s.seen[key] = true
		if len(w.workloads) < mostWorkloads {
			w.workloads = append(w.workloads, owner)
		} else {
			w.more++
		}
	}
	return w, true
}

// puller gives one pointer for the same value.
func (s *Survey) puller(p Puller) *Puller {
	if s.pullers[p] == nil {
		s.pullers[p] = &p
	}
	return s.pullers[p]
}

// digestsOf are those that a pod's containers run of an image.
func digestsOf(pod *corev1.Pod, image string) []string {
	running := map[string]string{}
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses} {
		for _, c := range list {
			running[c.Name] = runningDigest(c.ImageID)
		}
	}
	var digests []string
	note := func(name, named string) {
		if digest := running[name]; named == image && digest != "" {
			digests = append(digests, digest)
		}
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			note(list[i].Name, list[i].Image)
		}
	}
	for i := range pod.Spec.EphemeralContainers {
		note(pod.Spec.EphemeralContainers[i].Name, pod.Spec.EphemeralContainers[i].Image)
	}
	return digests
}

// listed are the names that Secrets can have, each once: of a longer list nobody reads
// the rest.
func listed(references []corev1.LocalObjectReference) string {
	var names []string
	for _, r := range references[:min(len(references), pullsecrets.MaxListed)] {
		if pullsecrets.IsSecretName(r.Name) && !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return strings.Join(names, "\n")
}

// workload is namespace/Kind/name.
func workload(namespace, owner string) string { return namespace + "/" + owner }

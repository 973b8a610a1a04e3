package stragglers

import (
	"context"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// Held are images that nodes may hold under the name that pods have for them,
// and pull again under the new one although the pull policy is IfNotPresent. A
// node tells the 50 largest of its images by default (kubelet's nodeStatusMaxImages).
type Held struct{ byName map[string]*held }

type held struct {
	renamed, endpoint string
	nodes             int
}

// Add has the image looked for, if a new pod would give it another name.
func (h *Held) Add(i Image) {
	if i.Reason != NotRewritten || !i.IfNotPresent {
		return
	}
	if h.byName == nil {
		h.byName = map[string]*held{}
	}
	h.byName[nodeName(i.Image)] = &held{renamed: nodeName(i.Rewritten), endpoint: i.Endpoint}
}

// Look counts the nodes that hold an image under the old name and not under the new one.
func (h *Held) Look(ctx context.Context, client corev1client.NodesGetter) error {
	if len(h.byName) == 0 {
		return nil
	}
	return nodePages(ctx, client, func(node *corev1.Node) {
		names := map[string]bool{}
		for _, image := range node.Status.Images {
			for _, name := range image.Names {
				names[name] = true
			}
		}
		for name := range names {
			if image, wanted := h.byName[name]; wanted && !names[image.renamed] {
				image.nodes++
			}
		}
	})
}

// Nodes is how many nodes pull an image again.
func (h *Held) Nodes(i Image) int {
	if image, added := h.byName[nodeName(i.Image)]; added && i.Reason == NotRewritten && i.IfNotPresent {
		return image.nodes
	}
	return 0
}

// ByEndpoint sums the nodes of all images.
func (h *Held) ByEndpoint() map[string]int {
	sums := map[string]int{}
	for _, image := range h.byName {
		sums[image.endpoint] += image.nodes
	}
	return sums
}

// nodeName is the name under which a node's status has an image: with a digest
// and no tag, or with a tag.
func nodeName(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	if digested, ok := named.(reference.Digested); ok {
		return reference.TrimNamed(named).Name() + "@" + digested.Digest().String()
	}
	return reference.TagNameOnly(named).String()
}

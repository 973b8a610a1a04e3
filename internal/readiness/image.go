package readiness

import (
	"strings"

	"github.com/distribution/reference"

	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

// An Image is what pods name of a shared endpoint. All strings are parts of Name.
type Image struct {
	// Name is the reference as a pod has it after the rewrite.
	Name string
	// Endpoint is its host.
	Endpoint string
	registrylogin.Image
}

// Pinned tells whether it is named by its digest, and can't become another.
func (i Image) Pinned() bool { return strings.Contains(i.Reference, ":") }

// parseImage reads a reference whose host is the endpoint.
func parseImage(endpoint, name string) (Image, bool) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil || len(name) <= len(endpoint) {
		return Image{}, false
	}
	i := Image{Name: name, Endpoint: endpoint}
	i.Repository = within(name, reference.Path(named))
	switch r := reference.TagNameOnly(named).(type) {
	case reference.Digested:
		i.Reference = within(name, r.Digest().String())
	case reference.Tagged:
		i.Reference = within(name, r.Tag())
	}
	return i, true
}

// within gives a part as a piece of the whole, where it is one, so that of thousands of
// images nothing is in memory twice.
func within(whole, part string) string {
	if at := strings.LastIndex(whole, part); at >= 0 {
		return whole[at : at+len(part)]
	}
	return part
}

// runningDigest is the digest in a container status' imageID, such as
// registry.io/demo/web@sha256:…; empty where the runtime knows none, as of an image that
// was imported.
func runningDigest(imageID string) string {
	_, digest, found := strings.Cut(imageID, "@")
	if !found || !digestForm.MatchString(digest) {
		return ""
	}
	return digest
}

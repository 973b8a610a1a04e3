package admission

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// OriginalsAnnotation is podimages'.
const OriginalsAnnotation = podimages.OriginalsAnnotation

// annotationsPointer and originalsPointer are JSON pointers, whose escapes RFC 6901 section 3 gives.
const annotationsPointer = "/metadata/annotations"

var originalsPointer = annotationsPointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(OriginalsAnnotation)

// annotate says what to add to a pod, and where, to record the originals. That
// doesn't fit where the API server would refuse the pod because its annotations
// are too long.
func annotate(annotations map[string]string, originals string) (pointer string, value []byte, fits bool) {
	size := len(OriginalsAnnotation) + len(originals)
	for key, value := range annotations {
		if key != OriginalsAnnotation {
			size += len(key) + len(value)
		}
	}
	fits = size <= validation.TotalAnnotationSizeLimitB
	if annotations == nil {
		return annotationsPointer, appendStrings(nil, map[string]string{OriginalsAnnotation: originals}), fits
	}
	return originalsPointer, appendString(nil, originals), fits
}

// originals are the references of all rewritten images, also of those that an
// earlier pass rewrote. Between the passes another webhook may have put a
// container in front of others, so that what was recorded stands under a path
// that is another's now; but each reference still tells what it became.
func (p *Policy) originals(recorded string, findings []podimages.Finding) map[string]string {
	earlier := readOriginals(recorded)
	became := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(earlier)) {
		if r := p.Rewriter.Rewrite(earlier[path]); r.Changed() {
			became[r.Image] = earlier[path]
		}
	}
	originals := map[string]string{}
	for _, f := range findings {
		path := f.Field.Path()
		switch reference, recorded := became[f.Field.Image]; {
		case f.Result.Changed():
			originals[path] = f.Field.Image
		case recorded && p.Rewriter.Rewrite(earlier[path]).Image == f.Field.Image:
			originals[path] = earlier[path]
		case recorded:
			originals[path] = reference
		}
	}
	return originals
}

// readOriginals reads the annotation. An unreadable value is somebody else's mistake; ours replaces it.
func readOriginals(recorded string) (originals map[string]string) {
	_ = json.Unmarshal([]byte(recorded), &originals)
	return originals
}

// rewrittenBefore are the shared endpoints of the images that an earlier pass rewrote, in order.
func (p *Policy) rewrittenBefore(pod *podimages.Pod, findings []podimages.Finding) []string {
	var endpoints []string
	for _, original := range readOriginals(pod.Metadata.Annotations[OriginalsAnnotation]) {
		r := p.Rewriter.Rewrite(original)
		if r.Changed() && slices.ContainsFunc(findings, func(f podimages.Finding) bool { return f.Field.Image == r.Image }) {
			endpoints = append(endpoints, r.Endpoint)
		}
	}
	slices.Sort(endpoints)
	return slices.Compact(endpoints)
}

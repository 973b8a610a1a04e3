package admission

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gomodules.xyz/jsonpatch/v2"
	"k8s.io/apimachinery/pkg/api/validation"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// OriginalsAnnotation holds the references as they were written: a JSON object
// from field path to reference.
const OriginalsAnnotation = "registry-failover.io/original-images"

// annotate records the originals. It doesn't fit where the API server would
// refuse the pod because its annotations are too long.
func (p *Policy) annotate(pod *podimages.Pod, findings []podimages.Finding) (operation jsonpatch.Operation, fits bool, err error) {
	annotations := maps.Clone(pod.Metadata.Annotations)
	var earlier map[string]string
	// An unreadable value is somebody else's mistake; ours replaces it.
	_ = json.Unmarshal([]byte(annotations[OriginalsAnnotation]), &earlier)
	text, err := json.Marshal(p.originals(earlier, findings))
	if err != nil {
		return jsonpatch.Operation{}, false, fmt.Errorf("the original images can't be written: %w", err)
	}
	if annotations == nil {
		annotations = map[string]string{OriginalsAnnotation: string(text)}
		operation = jsonpatch.NewOperation("add", "/metadata/annotations", annotations)
	} else {
		annotations[OriginalsAnnotation] = string(text)
		operation = jsonpatch.NewOperation("add", "/metadata/annotations/"+pointerEscape(OriginalsAnnotation), string(text))
	}
	return operation, validation.ValidateAnnotationsSize(annotations) == nil, nil
}

// originals are the references of all rewritten images, also of those that an
// earlier pass rewrote. Between the passes another webhook may have put a
// container in front of others, so that what was recorded stands under a path
// that is another's now; but each reference still tells what it became.
func (p *Policy) originals(earlier map[string]string, findings []podimages.Finding) map[string]string {
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

// pointerEscape escapes a key for a JSON pointer (RFC 6901 section 3).
func pointerEscape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

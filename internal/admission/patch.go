package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// audited stands before the warnings of what would be rewritten: of more than 4096
// characters in all, the API server cuts off the last.
const audited = "registry-failover changes nothing here, because enforcement is Audit: to keep images as they are once it is Enforce, label the pod " +
	podimages.OptOutLabel + "=false"

// patch is a JSON patch (RFC 6902) without its last bracket.
type patch []byte

// with appends an operation with a value in JSON.
func (p patch) with(op, pointer string, value []byte) patch {
	if len(p) == 0 {
		p = append(make(patch, 0, 1024), '[')
	} else {
		p = append(p, ',')
	}
	p = appendString(append(append(append(p, `{"op":"`...), op...), `","path":`...), pointer)
	return append(append(append(p, `,"value":`...), value...), '}')
}

// answer turns the findings into patch, warnings and audit annotations.
func (p *Policy) answer(pod *podimages.Pod, findings []podimages.Finding, ephemeral bool, c credentials) Decision {
	d := Decision{Findings: findings, Credentials: c.result()}
	originals := map[string]string{}
	var operations patch
	for _, f := range findings {
		if !f.Result.Changed() {
			continue
		}
		path := f.Field.Path()
		originals[path] = f.Field.Image
		operations = operations.with("replace", f.Field.Pointer(), appendString(nil, f.Result.Image))
		if p.Audit {
			d.Warnings = append(d.Warnings, fmt.Sprintf("registry-failover would rewrite %s from %s to %s", path, f.Field.Image, f.Result.Image))
		} else if ephemeral {
			// The API server drops new annotations of this subresource, so that the warning is all there is.
			d.Warnings = append(d.Warnings, fmt.Sprintf("registry-failover rewrote %s from %s to %s", path, f.Field.Image, f.Result.Image))
		}
	}
	if len(originals) == 0 && len(c.attached) == 0 {
		return d
	}
	text := string(appendStrings(nil, originals))
	d.Audit = map[string]string{}
	if len(originals) > 0 {
		d.Audit["original-images"] = text
	}
	if c.warning != "" {
		d.Warnings = slices.Insert(d.Warnings, 0, c.warning)
	}
	if p.Audit {
		d.Warnings = slices.Insert(d.Warnings, 0, audited)
		return d
	}
	if len(originals) > 0 && !ephemeral {
		if earlier, recorded := pod.Metadata.Annotations[OriginalsAnnotation]; recorded {
			text = string(appendStrings(nil, p.originals(earlier, findings)))
		}
		if pointer, value, fits := annotate(pod.Metadata.Annotations, text); fits {
			operations = operations.with("add", pointer, value)
		} else {
			d.Warnings = append(d.Warnings, "registry-failover rewrote images, and the pod's annotations have no room left to record their originals: shorten them, or see the API server's audit log")
		}
	}
	if len(c.attached) > 0 {
		operations = operations.appended(c.attached)
		d.Audit["pull-secrets"] = strings.Join(c.attached, ",")
	}
	operations = append(operations, ']')
	d.Patch = operations
	return d
}

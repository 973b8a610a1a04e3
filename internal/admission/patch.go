package admission

import (
	"encoding/json"
	"fmt"
	"slices"

	"gomodules.xyz/jsonpatch/v2"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// audited stands before the warnings of what would be rewritten: of more than 4096
// characters in all, the API server cuts off the last.
const audited = "registry-failover changes nothing here, because enforcement is Audit: to keep images as they are once it is Enforce, label the pod " +
	podimages.OptOutLabel + "=false"

// answer turns the findings into patch, warnings and audit annotations.
func (p *Policy) answer(pod *podimages.Pod, findings []podimages.Finding, ephemeral bool) (Decision, error) {
	d := Decision{Findings: findings}
	originals := map[string]string{}
	var operations []jsonpatch.Operation
	for _, f := range findings {
		if !f.Result.Changed() {
			continue
		}
		originals[f.Field.Path()] = f.Field.Image
		operations = append(operations, jsonpatch.NewOperation("replace", f.Field.Pointer(), f.Result.Image))
		if p.Audit {
			d.Warnings = append(d.Warnings, fmt.Sprintf("registry-failover would rewrite %s from %s to %s", f.Field.Path(), f.Field.Image, f.Result.Image))
		} else if ephemeral {
			// The API server drops new annotations of this subresource, so that the warning is all there is.
			d.Warnings = append(d.Warnings, fmt.Sprintf("registry-failover rewrote %s from %s to %s", f.Field.Path(), f.Field.Image, f.Result.Image))
		}
	}
	if len(originals) == 0 {
		return d, nil
	}
	text, err := json.Marshal(originals)
	if err != nil {
		return Decision{}, fmt.Errorf("the original images can't be written: %w", err)
	}
	d.Audit = map[string]string{"original-images": string(text)}
	if p.Audit {
		d.Warnings = slices.Insert(d.Warnings, 0, audited)
		return d, nil
	}
	if !ephemeral {
		operation, fits, err := p.annotate(pod, findings)
		if err != nil {
			return Decision{}, err
		}
		if fits {
			operations = append(operations, operation)
		} else {
			d.Warnings = append(d.Warnings, "registry-failover rewrote images, and the pod's annotations have no room left to record their originals: shorten them, or see the API server's audit log")
		}
	}
	if d.Patch, err = json.Marshal(operations); err != nil {
		return Decision{}, fmt.Errorf("the patch can't be written: %w", err)
	}
	return d, nil
}

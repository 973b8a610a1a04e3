package podimages

import (
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// Reasons why a pod's image is left alone whatever it names, beside those of pkg/rewrite.
const (
	// MirrorPod: the pod is the API server's copy of a static pod.
	MirrorPod rewrite.Reason = "MirrorPod"
	// OptedOut: the pod carries OptOutLabel with the value "false".
	OptedOut rewrite.Reason = "OptedOut"
	// NeverPulled: imagePullPolicy Never takes what the node has under the name as it is written.
	NeverPulled rewrite.Reason = "NeverPulled"
	// NotChanged: an UPDATE left the image as it was, and rewriting it would restart the container.
	NotChanged rewrite.Reason = "NotChanged"
)

var sentences = map[rewrite.Reason]string{
	MirrorPod:   "the pod is a mirror of a static pod, which only its file on the node can change",
	OptedOut:    "the pod has the label " + OptOutLabel + `: "false"`,
	NeverPulled: "the pull policy is Never, so the image is not pulled from anywhere",
	NotChanged:  "the update leaves this image as it was",
}

// Sentence says a reason of this package or of pkg/rewrite for people.
func Sentence(r rewrite.Reason) string {
	if s, known := sentences[r]; known {
		return s
	}
	return r.Sentence()
}

// Finding is what becomes of one field.
type Finding struct {
	Field  Field
	Result rewrite.Result
}

// Evaluate decides for each image of a pod that is created.
func Evaluate(r *rewrite.Rewriter, pod *Pod) []Finding {
	return evaluate(r, pod, func(Field) bool { return false })
}

// EvaluateUpdate decides for each image of a pod that is updated: what is in
// the old pod under the same name already is left alone.
func EvaluateUpdate(r *rewrite.Rewriter, pod, old *Pod) []Finding {
	type key struct {
		kind         Kind
		owner, image string
	}
	before := map[key]bool{}
	for _, f := range old.Spec.Fields() {
		before[key{f.Kind, f.Owner, f.Image}] = true
	}
	return evaluate(r, pod, func(f Field) bool { return before[key{f.Kind, f.Owner, f.Image}] })
}

func evaluate(r *rewrite.Rewriter, pod *Pod, settled func(Field) bool) []Finding {
	fields := pod.Spec.Fields()
	findings := make([]Finding, len(fields))
	whole := wholePod(pod)
	for i, f := range fields {
		result := rewrite.Result{Image: f.Image}
		switch {
		case whole != "":
			result.Reason = whole
		case settled(f):
			result.Reason = NotChanged
		case f.PullPolicy == "Never":
			result.Reason = NeverPulled
		default:
			result = r.Rewrite(f.Image)
		}
		findings[i] = Finding{Field: f, Result: result}
	}
	return findings
}

// wholePod is the reason for which no image of the pod is rewritten; empty when there is none.
func wholePod(pod *Pod) rewrite.Reason {
	if _, mirror := pod.Metadata.Annotations[mirrorAnnotation]; mirror {
		return MirrorPod
	}
	if pod.Metadata.Labels[OptOutLabel] == "false" {
		return OptedOut
	}
	return ""
}

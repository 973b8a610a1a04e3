package admission_test

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
)

func TestUpdate(t *testing.T) {
	oldImage, newImage, other := source+"/demo/web:1", source+"/demo/web:2", source+"/demo/sidecar:1"
	ephemeral := func(pod string) string { return strings.Replace(pod, `"containers"`, `"ephemeralContainers"`, 1) }
	tests := map[string]struct {
		config   string
		old, pod string
		sub      string
		want     []string // pointers that are replaced
		record   bool
	}{
		"a pod's update is left alone":               {"", running(oldImage), running(newImage), "", nil, false},
		"with onUpdate a changed image is rewritten": {onUpdate, running(oldImage, other), running(newImage, other), "", []string{"/spec/containers/0/image"}, true},
		"with onUpdate an update of labels only changes nothing": {
			onUpdate, running(oldImage), strings.Replace(running(oldImage), `"name":"web"`, `"labels":{"a":"b"}`, 1), "", nil, false,
		},
		"with onUpdate going back to the image as it is written gives what runs": {
			onUpdate, running(shared + "/demo/web:1"), running(oldImage), "", []string{"/spec/containers/0/image"}, true,
		},
		"only a new ephemeral container is rewritten": {
			"", ephemeral(running(oldImage)), ephemeral(running(oldImage, other)), "ephemeralcontainers", []string{"/spec/ephemeralContainers/1/image"}, false,
		},
		"containers beside ephemeral ones are left alone, also changed ones": {
			onUpdate, running(oldImage), running(newImage), "ephemeralcontainers", nil, false,
		},
		"an ephemeral container of a pod that opted out is left alone": {
			"", ephemeral(running(oldImage)),
			strings.Replace(ephemeral(running(oldImage, other)), `"name":"web"`, `"labels":{"registry-failover.io/rewrite":"false"}`, 1),
			"ephemeralcontainers", nil, false,
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, test.config)
			r := w.ask(t, "/mutate", review(t, test.pod, updateOf(test.old, test.sub)))
			var replaced []string
			recorded := false
			for _, o := range operations(t, r) {
				parts := strings.SplitN(o, " ", 3)
				if parts[0] == "replace" {
					replaced = append(replaced, parts[1])
				} else {
					recorded = recorded || strings.HasPrefix(parts[1], "/metadata/annotations")
				}
			}
			compare(t, test.want, replaced)
			compare(t, test.record, recorded)
			warned := len(r.Warnings) > 0
			compare(t, test.want != nil && test.sub != "", warned)
			compare(t, test.want != nil, r.AuditAnnotations != nil)
			if got := string(apply(t, []byte(test.pod), r)); strings.Count(got, shared) < len(test.want) {
				t.Errorf("the pod became %s", got)
			}
		})
	}
}

// TestWrongRules: what no rule of ours should send is allowed as it is, and the warning tells whom to correct.
func TestWrongRules(t *testing.T) {
	pod := running(source + "/demo/web:1")
	tests := map[string]struct {
		edit func(*admissionv1.AdmissionRequest)
		what string
	}{
		"a pod is deleted": {func(r *admissionv1.AdmissionRequest) {
			r.Operation, r.OldObject, r.Object.Raw = admissionv1.Delete, r.Object, nil
		}, `DELETE of "pods"`},
		"somebody attaches to a pod": {func(r *admissionv1.AdmissionRequest) {
			r.Operation, r.SubResource = admissionv1.Connect, "attach"
		}, `CONNECT of "pods/attach"`},
		"a pod's status is updated":         {updateOf(pod, "status"), `UPDATE of "pods/status"`},
		"a pod is bound":                    {func(r *admissionv1.AdmissionRequest) { r.SubResource = "binding" }, `CREATE of "pods/binding"`},
		"a deployment is created":           {func(r *admissionv1.AdmissionRequest) { r.Resource.Group, r.Resource.Resource = "apps", "deployments" }, `CREATE of "deployments.apps"`},
		"another group has pods, too":       {func(r *admissionv1.AdmissionRequest) { r.Resource.Group = "metrics.k8s.io" }, `CREATE of "pods.metrics.k8s.io"`},
		"a service is created":              {func(r *admissionv1.AdmissionRequest) { r.Resource.Resource = "services" }, `CREATE of "services"`},
		"a request names nothing":           {func(r *admissionv1.AdmissionRequest) { r.Resource.Resource, r.Operation = "", "" }, ` of ""`},
		"an ephemeral container is created": {func(r *admissionv1.AdmissionRequest) { r.SubResource = "ephemeralcontainers" }, `CREATE of "pods/ephemeralcontainers"`},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, onUpdate)
			r := w.ask(t, "/mutate", review(t, pod, test.edit))
			compare(t, []string(nil), operations(t, r))
			compare(t, []string{
				"registry-failover left the images as they are: " + test.what +
					" is nothing that this webhook handles: correct the rules of its webhook configuration",
			}, r.Warnings)
			compare(t, map[string]float64{"failed": 1}, w.requests(t))
		})
	}
}

package admission_test

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
)

func TestAuditChangesNothing(t *testing.T) {
	pod := running(source+"/demo/web:1", "nginx")
	tests := map[string]struct {
		config, path string
		edits        []func(*admissionv1.AdmissionRequest)
		field        string
	}{
		"the configuration says Audit":      {config: audit, path: "/mutate"},
		"the audit path is asked":           {path: "/audit"},
		"both":                              {config: audit, path: "/audit"},
		"an ephemeral container is audited": {path: "/audit", edits: []func(*admissionv1.AdmissionRequest){updateOf(`{"metadata":{}}`, "ephemeralcontainers")}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, test.config)
			object, field := pod, "spec.containers[0].image"
			if test.edits != nil {
				object, field = strings.Replace(pod, `"containers"`, `"ephemeralContainers"`, 1), "spec.ephemeralContainers[0].image"
			}
			r := w.ask(t, test.path, review(t, object, test.edits...))
			compare(t, []string(nil), operations(t, r))
			compare(t, []string{
				"registry-failover changes nothing here, because enforcement is Audit: to keep images as they are once it is Enforce, label the pod registry-failover.io/rewrite=false",
				"registry-failover would rewrite " + field + " from " + source + "/demo/web:1 to " + shared + "/demo/web:1",
			}, r.Warnings)
			compare(t, map[string]string{"original-images": `{"` + field + `":"` + source + `/demo/web:1"}`}, r.AuditAnnotations)
			compare(t, map[string]float64{"audited": 1}, w.requests(t))
		})
	}
}

// TestEnforcementOfANamespace: the API server asks at /enforce and /audit for
// namespaces whose label overrides the configuration.
func TestEnforcementOfANamespace(t *testing.T) {
	tests := map[string]struct {
		config, path string
		rewritten    bool
	}{
		"the configuration says Enforce, and the namespace nothing": {"", "/mutate", true},
		"the configuration says Enforce, and the namespace Enforce": {"", "/enforce", true},
		"the configuration says Enforce, and the namespace Audit":   {"", "/audit", false},
		"the configuration says Audit, and the namespace nothing":   {audit, "/mutate", false},
		"the configuration says Audit, and the namespace Enforce":   {audit, "/enforce", true},
		"the configuration says Audit, and the namespace Audit":     {audit, "/audit", false},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, test.config)
			r := w.ask(t, test.path, review(t, running(source+"/demo/web:1")))
			compare(t, test.rewritten, r.Patch != nil)
			compare(t, !test.rewritten, len(r.Warnings) == 2)
			result := "audited"
			if test.rewritten {
				result = "rewritten"
			}
			compare(t, map[string]float64{result: 1}, w.requests(t))
		})
	}
}

// TestANamespaceDoesNotChangeTheOthers: one request with an override leaves the
// configuration in force for the next.
func TestANamespaceDoesNotChangeTheOthers(t *testing.T) {
	w := newWebhook(t, audit)
	body := review(t, running(source+"/demo/web:1"))
	for range 2 {
		compare(t, true, w.ask(t, "/enforce", body).Patch != nil)
		compare(t, false, w.ask(t, "/mutate", body).Patch != nil)
	}
	must(t, w.Configure(parse(t, "")))
	for range 2 {
		compare(t, false, w.ask(t, "/audit", body).Patch != nil)
		compare(t, true, w.ask(t, "/mutate", body).Patch != nil)
	}
}

package admission_test

import (
	"strings"
	"testing"
)

// TestPullSecretsAreChecked: the mode Check changes nothing and tells what a pod will lack.
func TestPullSecretsAreChecked(t *testing.T) {
	image := source + "/demo/web:1"
	long := strings.Repeat("a-long-name.", 20)
	tests := map[string]struct {
		index, pod string
		want       []string
	}{
		"there are credentials for the instances, and none for the shared endpoint": {
			`{"pull":[` + both + `]}`, listing(`[{"name":"pull"}]`, image),
			[]string{"registry-failover: imagePullSecrets (pull) have no credential for " + shared +
				": list a Secret for the shared endpoint, or set pullSecrets.mode: Derive"},
		},
		"an instance has none": {
			`{"pull-b":["` + shared + `/zhangjiakou"],"hub":[]}`, listing(`[{"name":"pull-b"},{"name":"hub"}]`, image),
			[]string{"registry-failover: imagePullSecrets (pull-b, hub) have no credential for " + shared + ", none for hangzhou" +
				": list a Secret for the shared endpoint, or one for each instance with pullSecrets.mode: Derive"},
		},
		"an instance has one that ends within an hour": {
			`{"pull":["` + shared + `/hangzhou temporary","` + shared + `/zhangjiakou"]}`, listing(`[{"name":"pull"}]`, image),
			[]string{"registry-failover: imagePullSecrets (pull) have no credential for " + shared + ", a temporary one for hangzhou" +
				": list a Secret for the shared endpoint, or one for each instance with pullSecrets.mode: Derive"},
		},
		"the shared endpoint has one that ends within an hour": {
			`{"own":["` + shared + ` temporary"]}`, listing(`[{"name":"own"}]`, image),
			[]string{"registry-failover: imagePullSecrets (own) have only a credential for " + shared + " that ends within an hour: list a Secret with a permanent one"},
		},
		"two images, one sentence": {
			`{"pull":[` + both + `]}`, listing(`[{"name":"pull"}]`, image, internal+"/demo/x"),
			[]string{"registry-failover: imagePullSecrets (pull) have no credential for " + shared +
				": list a Secret for the shared endpoint, or set pullSecrets.mode: Derive"},
		},
		"names that are long leave the remedy whole": {
			`{"` + long + `x":[]}`, listing(`[{"name":"`+long+`x"}]`, image),
			[]string{"registry-failover: imagePullSecrets (a-long-name.a-long-name.a-long-name.a…) have no credential for " + shared + ", none for hangzhou, zhangjiakou" +
				": list a Secret for the shared endpoint, or one for each instance with pullSecrets.mode: Derive"},
		},
		"the shared endpoint has a credential":      {`{"own":["` + shared + `"]}`, listing(`[{"name":"own"}]`, image), nil},
		"a Secret that isn't known yet may have it": {`{"pull":[` + both + `]}`, listing(`[{"name":"pull"},{"name":"new"}]`, image), nil},
		"the pod lists none":                        {`{"pull":[` + both + `]}`, running(image), nil},
		"no image is rewritten":                     {`{"pull":[]}`, listing(`[{"name":"pull"}]`, "nginx"), nil},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, check)
			w.KnowPullSecrets(index(t, test.index))
			r := w.ask(t, "/mutate", review(t, test.pod, into("shop")))
			compare(t, test.want, r.Warnings)
			for _, warning := range r.Warnings {
				if len(warning) > 256 {
					t.Errorf("the warning has %d bytes", len(warning))
				}
			}
			compare(t, listed(t, []byte(test.pod)), listed(t, apply(t, []byte(test.pod), r)))
			compare(t, map[string]float64{"attached": 0, "warned": float64(len(test.want))}, w.samples(t, "registry_failover_admission_pull_secrets_total"))

			elsewhere := w.ask(t, "/mutate", review(t, test.pod, into("bank")))
			compare(t, []string(nil), elsewhere.Warnings)

			// What Audit would change, and would leave without a credential, is told too.
			audited := w.ask(t, "/audit", review(t, test.pod, into("shop")))
			if audited.Patch != nil {
				t.Errorf("Audit patches: %s", audited.Patch)
			}
			if len(test.want) > 0 {
				compare(t, test.want[0], audited.Warnings[1])
			}
		})
	}
}

// TestASecondPassDoesNotWarnAgain: nothing is left for it to rewrite.
func TestASecondPassDoesNotWarnAgain(t *testing.T) {
	w := newWebhook(t, check)
	w.KnowPullSecrets(index(t, `{"pull":[]}`))
	pod := listing(`[{"name":"pull"}]`, source+"/demo/web:1")
	r := w.ask(t, "/mutate", review(t, pod, into("shop")))
	compare(t, 1, len(r.Warnings))
	again := w.ask(t, "/mutate", review(t, string(apply(t, []byte(pod), r)), into("shop")))
	compare(t, []string(nil), again.Warnings)
}

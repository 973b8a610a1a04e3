package chart

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
	"github.com/registry-failover/registry-failover/test/switchcorpus"
)

// switchPolicy is the policy that the chart renders, and the endpoints by the
// configuration that it renders beside it.
func switchPolicy(t testing.TB, path string) (policy, []zone.Endpoint) {
	t.Helper()
	all := render(t, "--values="+path)
	rendered := get[corev1.ConfigMap](t, all, "ConfigMap", "registry-failover-config").Data["config.yaml"]
	c, err := config.Parse([]byte(rendered))
	if err != nil {
		t.Fatal(err)
	}
	return newPolicy(t, get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", "registry-failover-switch").Spec), c.Zones()
}

// asked is a request about the switch; nil data stands for no object.
func asked(operation, user string, before, after map[string]any) request {
	configMap := func(data map[string]any) map[string]any {
		if data == nil {
			return nil
		}
		return map[string]any{"metadata": map[string]any{"name": "registry-failover"}, "data": data}
	}
	return request{
		object: configMap(after), oldObject: configMap(before),
		namespace:  map[string]any{"metadata": map[string]any{"name": namespace}},
		attributes: map[string]any{"operation": operation, "namespace": namespace, "userInfo": map[string]any{"username": user}},
	}
}

// TestThePolicyTakesWhatTheParserTakes is the policy's promise: one verdict for each value.
func TestThePolicyTakesWhatTheParserTakes(t *testing.T) {
	p, endpoints := switchPolicy(t, values(t, switchcorpus.Config))
	for _, value := range switchcorpus.Values() {
		compareVerdicts(t, p, endpoints[0], value)
	}
}

func compareVerdicts(t *testing.T, p policy, e zone.Endpoint, value string) {
	t.Helper()
	refused := p.refusals(t, asked("CREATE", "oncall", nil, map[string]any{e.Name: value}))
	_, err := e.ParseSwitch(value)
	switch {
	case err == nil && refused != nil:
		t.Errorf("%.200q is a switch, and the policy refuses it: %q", value, refused)
	case err != nil && len(refused) != 1:
		t.Errorf("%.200q is none (%v), and the policy says %q", value, err, refused)
	case err != nil && (!strings.HasPrefix(refused[0], `endpoint "`+e.Name+`": `) || strings.ContainsAny(refused[0], "\n\r") || len(refused[0]) > 5<<10):
		t.Errorf("%.200q is refused without a sentence: %q", value, refused)
	}
}

// TestTheSwitchGoesOnlyAtPrivateZone compares what may be deleted with the rule
// of internal/inputs: an endpoint without instances knows no word but privatezone.
func TestTheSwitchGoesOnlyAtPrivateZone(t *testing.T) {
	p, endpoints := switchPolicy(t, values(t, switchcorpus.Config))
	calm := 0
	for _, value := range switchcorpus.Values() {
		_, err := zone.Endpoint{Name: endpoints[0].Name}.ParseSwitch(value)
		if err == nil {
			calm++
		}
		if refused := p.refusals(t, asked("DELETE", "admin", map[string]any{endpoints[0].Name: value}, nil)); (refused == nil) != (err == nil) {
			t.Errorf("%.200q: the parser says %v, the policy %q", value, err, refused)
		}
	}
	if calm < 10 {
		t.Errorf("only %d values lead nowhere else", calm)
	}
}

// TestAPolicyOfManyInstancesStaysCheap: the API server ends an expression that
// costs too much, and the value is accepted then.
func TestAPolicyOfManyInstancesStaysCheap(t *testing.T) {
	text := switchcorpus.Config
	for i := range 20 {
		text += fmt.Sprintf("  - {name: %s-%d, id: cri-%d, region: cn-x, publicEndpoint: p%d.example.com, internalEndpoint: i%d.example.com, network: public}\n", strings.Repeat("x", 50), i, i, i, i)
	}
	p, endpoints := switchPolicy(t, values(t, text))
	for _, value := range []string{"to: " + strings.Repeat("x", 60000), strings.Repeat("x", 60000), "to: hangzhou\nfrom: " + strings.Repeat("x", 60000) + "\nshare: 1"} {
		compareVerdicts(t, p, endpoints[0], value)
		p.refusals(t, asked("UPDATE", "admin", map[string]any{endpoints[0].Name: value}, map[string]any{endpoints[0].Name: value + "x"}))
	}
	for _, word := range endpoints[0].Words() {
		compareVerdicts(t, p, endpoints[0], "to: "+word)
	}
}

func FuzzThePolicyTakesWhatTheParserTakes(f *testing.F) {
	for i, value := range switchcorpus.Values() {
		if len(value) < 200 && i%25 == 0 { // running all of them first would take the fuzzing's time
			f.Add(value)
		}
	}
	p, endpoints := switchPolicy(f, values(f, switchcorpus.Config))
	f.Fuzz(func(t *testing.T, value string) {
		compareVerdicts(t, p, endpoints[0], strings.ToValidUTF8(value, "\ufffd"))
	})
}

func TestWordsAreThoseOfTheConfiguration(t *testing.T) {
	for name, path := range map[string]string{
		"the example":                      repository + "/testdata/config/example.yaml",
		"every key and addresses to learn": repository + "/testdata/config/full.yaml",
	} {
		t.Run(name, func(t *testing.T) {
			p, endpoints := switchPolicy(t, values(t, read(t, path)))
			for _, e := range endpoints {
				for _, i := range e.Instances {
					for _, word := range []string{"privatezone", i.Name, i.Name + "/internal", i.Name + "/public"} {
						compareVerdicts(t, p, e, word)
					}
				}
				got := p.refusals(t, asked("CREATE", "oncall", nil, map[string]any{e.Name: "?"}))
				want := []string{`endpoint "` + e.Name + `": unknown target ?: write one of ` + strings.Join(e.Words(), ", ")}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestTheSwitchIsKeptWhileItLeadsElsewhere(t *testing.T) {
	const first, second = "cross-region.registry.io", "second.registry.io"
	p, _ := switchPolicy(t, values(t, read(t, repository+"/testdata/config/full.yaml")))
	data := func(keysAndValues ...string) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(keysAndValues); i += 2 {
			m[keysAndValues[i]] = keysAndValues[i+1]
		}
		return m
	}
	const cantDelete = "the switch leads second.registry.io and can not be deleted: set each endpoint to privatezone first"
	const cantRemove = "the switch leads second.registry.io, and no endpoint can be removed meanwhile: set each endpoint to privatezone first"
	active, calm := data(first, "privatezone", second, "shanghai"), data(first, "privatezone", second, "to: privatezone\nreason: back")
	const cleanup = "system:serviceaccount:registry-failover:registry-failover-cleanup"
	tests := map[string]struct {
		operation, user string
		before, after   map[string]any
		want            []string
	}{
		"it goes when it leads nowhere else":           {"DELETE", "admin", calm, nil, nil},
		"it stays while it leads elsewhere":            {"DELETE", "admin", active, nil, []string{cantDelete}},
		"a share is elsewhere too":                     {"DELETE", "admin", data(second, "to: privatezone\nfrom: shanghai\nshare: 10"), nil, []string{cantDelete}},
		"two lines that contradict are elsewhere":      {"UPDATE", "admin", data(first, "privatezone", second, "to: privatezone\nto: shanghai"), data(second, "privatezone"), []string{cantRemove}},
		"what nobody can read counts as elsewhere":     {"DELETE", "admin", data(second, ""), nil, []string{cantDelete}},
		"a key that is no endpoint any more":           {"DELETE", "admin", data(first, "privatezone", "gone.io", "there"), nil, nil},
		"the namespace controller deletes it":          {"DELETE", "system:serviceaccount:kube-system:namespace-controller", active, nil, nil},
		"the post-delete hook deletes it":              {"DELETE", cleanup, active, nil, nil},
		"the hook of another namespace doesn't":        {"DELETE", strings.Replace(cleanup, "registry-failover", "default", 1), active, nil, []string{cantDelete}},
		"a key goes when nothing leads elsewhere":      {"UPDATE", "admin", calm, data(second, "privatezone"), nil},
		"a key stays while another leads elsewhere":    {"UPDATE", "admin", active, data(second, "shanghai"), []string{cantRemove}},
		"a key stays while it leads elsewhere":         {"UPDATE", "admin", active, data(first, "privatezone"), []string{cantRemove}},
		"even when the other is set back meanwhile":    {"UPDATE", "admin", active, data(second, "privatezone"), []string{cantRemove}},
		"a key that is no endpoint any more goes":      {"UPDATE", "admin", data(first, "hangzhou", "gone.io", "x"), data(first, "hangzhou"), nil},
		"a key that is no endpoint any more may stay":  {"UPDATE", "admin", data(first, "hangzhou", "gone.io", "x"), data(first, "privatezone", "gone.io", "x"), nil},
		"a new key must be an endpoint":                {"UPDATE", "admin", calm, data(first, "privatezone", second, "privatezone", "Second.registry.io", "shanghai"), []string{"the key Second.registry.io is no endpoint: one of cross-region.registry.io, second.registry.io"}},
		"a missing key is the controller's to add":     {"CREATE", "admin", nil, data(first, "privatezone"), nil},
		"a bad value of another endpoint doesn't hold": {"UPDATE", "admin", data(first, "gone", second, "privatezone"), data(first, "gone", second, "shanghai"), nil},
		"a bad value can't come again":                 {"CREATE", "admin", nil, data(first, "gone"), []string{`endpoint "cross-region.registry.io": unknown target gone: write one of privatezone, hangzhou, hangzhou/internal, hangzhou/public, zhangjiakou, zhangjiakou/internal, zhangjiakou/public`}},
		"an empty switch becomes one":                  {"UPDATE", "admin", data(), data(second, "shanghai"), nil},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, p.refusals(t, asked(test.operation, test.user, test.before, test.after))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("its namespace goes", func(t *testing.T) {
		r := asked("DELETE", "admin", active, nil)
		r.namespace["metadata"].(map[string]any)["deletionTimestamp"] = "2026-11-23T02:00:00Z"
		if got := p.refusals(t, r); got != nil {
			t.Error(got)
		}
	})
	t.Run("it may not become immutable", func(t *testing.T) {
		r := asked("UPDATE", "admin", calm, calm)
		r.object["immutable"] = true
		if got := p.refusals(t, r); len(got) != 1 {
			t.Error(got)
		}
	})
	t.Run("other ConfigMaps are no business of it", func(t *testing.T) {
		r := asked("CREATE", "admin", nil, data("x", "y"))
		r.object["metadata"].(map[string]any)["name"] = "other"
		if got := p.refusals(t, r); got != nil {
			t.Error(got)
		}
	})
}

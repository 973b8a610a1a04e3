package admission_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	kubejson "sigs.k8s.io/json"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// listing is a pod with the pull secrets, given as JSON, and one container for each image.
func listing(secrets string, images ...string) string {
	return strings.Replace(running(images...), `"spec":{`, `"spec":{"imagePullSecrets":`+secrets+`,`, 1)
}

// listed are the names of a pod's pull secrets.
func listed(t testing.TB, pod []byte) []string {
	t.Helper()
	var p podimages.Pod
	must(t, kubejson.UnmarshalCaseSensitivePreserveInts(pod, &p))
	var names []string
	for _, s := range p.Spec.ImagePullSecrets {
		names = append(names, s.Name)
	}
	return names
}

const (
	inHangzhou    = ".hangzhou." + shared
	inZhangjiakou = ".zhangjiakou." + shared
	both          = `"` + shared + `/hangzhou","` + shared + `/zhangjiakou"`
)

func TestPullSecretsAreAttached(t *testing.T) {
	known := index(t, `{"pull":[`+both+`],"pull-b":["`+shared+`/zhangjiakou"],"hub":[],"own":["`+shared+`"],"break-glass":["`+shared+`"]}`)
	image := source + "/demo/web:1"
	tests := map[string]struct {
		config    string // derive where empty
		namespace string // shop where empty
		index     pullsecrets.Index
		pod       string
		want      []string // the final pod's list
	}{
		"companions stand behind what is listed, in its order": {
			index: known, pod: listing(`[{"name":"pull-b"},{"name":"pull"}]`, image),
			want: []string{"pull-b", "pull", "pull-b" + inZhangjiakou, "pull" + inHangzhou, "pull" + inZhangjiakou},
		},
		"of a Secret that isn't known yet there may be one for each instance": {
			index: known, pod: listing(`[{"name":"pull-b"},{"name":"new"}]`, image),
			want: []string{"pull-b", "new", "pull-b" + inZhangjiakou, "new" + inHangzhou, "new" + inZhangjiakou},
		},
		"where nothing is known yet, all are guessed": {
			pod: listing(`[{"name":"pull"}]`, image), want: []string{"pull", "pull" + inHangzhou, "pull" + inZhangjiakou},
		},
		"another namespace's Secret of the name is another": {
			config: "pullSecrets: {mode: Derive, namespaces: ['*']}\n", namespace: "bank",
			index: known, pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b", "pull-b" + inHangzhou, "pull-b" + inZhangjiakou},
		},
		"a Secret for the endpoint itself has no companions": {index: known, pod: listing(`[{"name":"own"}]`, image), want: []string{"own"}},
		"what is listed already isn't appended": {
			index: known, pod: listing(`[{"name":"pull-b`+inZhangjiakou+`"},{"name":"pull-b"}]`, image),
			want: []string{"pull-b" + inZhangjiakou, "pull-b"},
		},
		"a name that is empty, and one that is there twice, stay as they are": {
			index: known, pod: listing(`[{},null,{"name":"pull-b"},{"name":""},{"name":"pull-b"}]`, image),
			want: []string{"", "", "pull-b", "", "pull-b", "pull-b" + inZhangjiakou},
		},
		"a list that names nothing stays so": {index: known, pod: listing(`[{}]`, image), want: []string{""}},
		"an empty list stays empty":          {index: known, pod: listing(`[]`, image)},
		"a list that is null stays so":       {index: known, pod: listing(`null`, image)},
		"a pod without a list gets none":     {index: known, pod: running(image)},
		"two rewritten images have the same companions": {
			index: known, pod: listing(`[{"name":"pull-b"}]`, image, internal+"/demo/other", "nginx"), want: []string{"pull-b", "pull-b" + inZhangjiakou},
		},
		"no image is rewritten":                   {index: known, pod: listing(`[{"name":"pull-b"}]`, "nginx", shared+"/demo/web:1"), want: []string{"pull-b"}},
		"the namespace isn't covered":             {namespace: "bank", index: known, pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b"}},
		"all namespaces but kube-system are":      {config: "pullSecrets: {mode: Derive, namespaces: ['*']}\n", namespace: "kube-system", pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b"}},
		"the mode is Check":                       {config: check, index: known, pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b"}},
		"the mode is Off":                         {config: "pullSecrets: {mode: 'Off'}\n", index: known, pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b"}},
		"enforcement is Audit":                    {config: derive + audit, index: known, pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b"}},
		"the pod opted out":                       {index: known, pod: strings.Replace(listing(`[{"name":"pull-b"}]`, image), `"name":"web"`, `"labels":{"registry-failover.io/rewrite":"false"}`, 1), want: []string{"pull-b"}},
		"the pod says another namespace, or none": {index: known, pod: strings.Replace(listing(`[{"name":"pull-b"}]`, image), `"name":"web"`, `"namespace":"bank"`, 1), want: []string{"pull-b", "pull-b" + inZhangjiakou}},
		"the break-glass Secret is there": {
			config: "pullSecrets: {mode: Derive, namespaces: [shop], breakGlass: break-glass}\n",
			index:  known, pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b", "pull-b" + inZhangjiakou, "break-glass"},
		},
		"the break-glass Secret isn't there": {
			config: "pullSecrets: {mode: Derive, namespaces: [shop], breakGlass: glass}\n",
			index:  known, pod: listing(`[{"name":"pull-b"}]`, image), want: []string{"pull-b", "pull-b" + inZhangjiakou},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			if test.config == "" {
				test.config = derive
			}
			if test.namespace == "" {
				test.namespace = "shop"
			}
			w := newWebhook(t, test.config)
			if test.index != nil {
				w.KnowPullSecrets(test.index)
			}
			r := w.ask(t, "/mutate", review(t, test.pod, into(test.namespace)))
			patched := apply(t, []byte(test.pod), r)
			compare(t, test.want, listed(t, patched))
			appended := test.want[len(listed(t, []byte(test.pod))):]
			compare(t, strings.Join(appended, ","), r.AuditAnnotations["pull-secrets"])
			counts := map[string]float64{"attached": float64(min(1, len(appended))), "warned": 0}
			if test.config == check {
				counts["warned"] = 1
			}
			compare(t, counts, w.samples(t, "registry_failover_admission_pull_secrets_total"))

			dryRun := true
			dry := w.ask(t, "/mutate", review(t, test.pod, into(test.namespace), func(r *admissionv1.AdmissionRequest) { r.DryRun = &dryRun }))
			compare(t, r, dry)
			if again := w.ask(t, "/mutate", review(t, string(patched), into(test.namespace))); r.Patch != nil && again.Patch != nil {
				t.Errorf("a second pass patches again: %s", again.Patch)
			}
			for _, subresource := range []string{"ephemeralcontainers", ""} {
				update := w.ask(t, "/mutate", review(t, test.pod, into(test.namespace), updateOf(strings.ReplaceAll(test.pod, image, "old"), subresource)))
				if strings.Contains(string(update.Patch), "imagePullSecrets") {
					t.Errorf("an UPDATE of pods/%s patches what can't be changed: %s", subresource, update.Patch)
				}
			}
		})
	}
}

// TestUpdatesAttachNothing: with onUpdate too, because a pod's list can't be changed.
func TestUpdatesAttachNothing(t *testing.T) {
	w := newWebhook(t, derive+onUpdate)
	pod := listing(`[{"name":"pull"}]`, source+"/demo/web:2")
	old := listing(`[{"name":"pull"}]`, source+"/demo/web:1")
	r := w.ask(t, "/mutate", review(t, pod, into("shop"), updateOf(old, "")))
	patched := apply(t, []byte(pod), r)
	compare(t, []string{"pull"}, listed(t, patched))
	if !strings.Contains(string(patched), shared+"/demo/web:2") {
		t.Errorf("the image isn't rewritten: %s", patched)
	}
	debugged := strings.Replace(pod, `"spec":{`, `"spec":{"ephemeralContainers":[{"name":"d","image":"`+source+`/debug"}],`, 1)
	r = w.ask(t, "/mutate", review(t, debugged, into("shop"), updateOf(pod, "ephemeralcontainers")))
	compare(t, []string{`replace /spec/ephemeralContainers/0/image "` + shared + `/debug"`}, operations(t, r))
}

// TestASecondPassAppendsOnlyWhatIsNew: another webhook put a container in, and a Secret for it.
func TestASecondPassAppendsOnlyWhatIsNew(t *testing.T) {
	w := newWebhook(t, derive)
	w.KnowPullSecrets(index(t, `{"pull-b":["`+shared+`/zhangjiakou"],"mesh":["`+shared+`/hangzhou"]}`))
	pod := listing(`[{"name":"pull-b"}]`, source+"/demo/web:1")
	first := apply(t, []byte(pod), w.ask(t, "/mutate", review(t, pod, into("shop"))))
	between := strings.Replace(string(first), `"containers":[`, `"containers":[{"name":"mesh","image":"`+internal+`/mesh/proxy"},`, 1)
	between = strings.Replace(between, `"imagePullSecrets":[`, `"imagePullSecrets":[{"name":"mesh"},`, 1)
	second := apply(t, []byte(between), w.ask(t, "/mutate", review(t, between, into("shop"))))
	compare(t, []string{"mesh", "pull-b", "pull-b" + inZhangjiakou, "mesh" + inHangzhou}, listed(t, second))
	if third := w.ask(t, "/mutate", review(t, string(second), into("shop"))); third.Patch != nil {
		t.Errorf("a third pass patches again: %s", third.Patch)
	}
}

// TestASecretThatAnotherWebhookListsHasItsCompanions: it is asked after ours, and may find no list at all.
func TestASecretThatAnotherWebhookListsHasItsCompanions(t *testing.T) {
	for sentence, test := range map[string]struct{ before, between, want string }{
		"in front of those that are listed": {`[{"name":"pull-b"}]`, `[{"name":"late"},{"name":"pull-b"},{"name":"pull-b` + inZhangjiakou + `"}]`, "late" + inHangzhou},
		"where none was listed":             {`null`, `[{"name":"late"}]`, "late" + inHangzhou},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWebhook(t, derive)
			w.KnowPullSecrets(index(t, `{"pull-b":["`+shared+`/zhangjiakou"],"late":["`+shared+`/hangzhou"]}`))
			pod := listing(test.before, source+"/demo/web:1", "nginx")
			first := apply(t, []byte(pod), w.ask(t, "/mutate", review(t, pod, into("shop"))))
			between := regexp.MustCompile(`"imagePullSecrets":(null|\[.*?\])`).ReplaceAllString(string(first), `"imagePullSecrets":`+test.between)
			r := w.ask(t, "/mutate", review(t, between, into("shop")))
			compare(t, []string{`add /spec/imagePullSecrets/- {"name":"` + test.want + `"}`}, operations(t, r))
			compare(t, map[string]string{"pull-secrets": test.want}, r.AuditAnnotations)
			second := apply(t, []byte(between), r)
			if third := w.ask(t, "/mutate", review(t, string(second), into("shop"))); third.Patch != nil {
				t.Errorf("a third pass patches again: %s", third.Patch)
			}
		})
	}
}

// TestTheNamespacesLabelDecidesAboutCompanionsToo: /enforce attaches whatever the configuration says, /audit never does.
func TestTheNamespacesLabelDecidesAboutCompanionsToo(t *testing.T) {
	pod := listing(`[{"name":"pull"}]`, source+"/demo/web:1")
	for path, want := range map[string]int{"/enforce": 3, "/audit": 1} {
		for _, added := range []string{derive, derive + audit} {
			r := newWebhook(t, added).ask(t, path, review(t, pod, into("shop")))
			compare(t, want, len(listed(t, apply(t, []byte(pod), r))))
		}
	}
}

// TestALateIndexCountsFromTheNextPodOn: it is known a minute after the Secret.
func TestALateIndexCountsFromTheNextPodOn(t *testing.T) {
	w := newWebhook(t, derive)
	body := review(t, listing(`[{"name":"pull"}]`, source+"/demo/web:1"), into("shop"))
	before := w.ask(t, "/mutate", body).AuditAnnotations["pull-secrets"]
	w.KnowPullSecrets(index(t, `{"pull":["`+shared+`/hangzhou"]}`))
	after := w.ask(t, "/mutate", body).AuditAnnotations["pull-secrets"]
	must(t, w.Configure(parse(t, derive))) // a new configuration doesn't forget it
	compare(t, []string{"pull" + inHangzhou + ",pull" + inZhangjiakou, "pull" + inHangzhou, "pull" + inHangzhou},
		[]string{before, after, w.ask(t, "/mutate", body).AuditAnnotations["pull-secrets"]})
}

func TestAPodThatListsTooManyIsToldSo(t *testing.T) {
	long := `[` + strings.Repeat(`{"name":"a"},`, pullsecrets.MaxListed) + `{"name":"b"}]`
	for mode, added := range map[string]string{"Derive": derive, "Check": check} {
		w := newWebhook(t, added)
		r := w.ask(t, "/mutate", review(t, listing(long, source+"/demo/web:1"), into("shop")))
		compare(t, []string{"registry-failover does nothing about the pull secrets of a pod that lists more than 200"}, r.Warnings)
		if strings.Contains(string(r.Patch), "imagePullSecrets") || !strings.Contains(string(r.Patch), "/image") {
			t.Errorf("%s gives %s", mode, r.Patch)
		}
		compare(t, map[string]float64{"attached": 0, "warned": 1}, w.samples(t, "registry_failover_admission_pull_secrets_total"))
	}
}

// TestAListThatBecameLongIsNothingToTell: with its companions it is longer than a pod may list.
func TestAListThatBecameLongIsNothingToTell(t *testing.T) {
	var secrets []string
	for i := range pullsecrets.MaxListed / 2 {
		secrets = append(secrets, fmt.Sprintf(`{"name":"pull-%d"}`, i))
	}
	w := newWebhook(t, derive)
	pod := listing(`[`+strings.Join(secrets, ",")+`]`, source+"/demo/web:1")
	first := w.ask(t, "/mutate", review(t, pod, into("shop")))
	compare(t, []string(nil), first.Warnings)
	second := w.ask(t, "/mutate", review(t, string(apply(t, []byte(pod), first)), into("shop")))
	compare(t, []string(nil), second.Warnings)
	compare(t, map[string]float64{"attached": 1, "warned": 0}, w.samples(t, "registry_failover_admission_pull_secrets_total"))
}

// TestCompanionsCostLittle: what a pod costs is its JSON, which is read once either way.
func TestCompanionsCostLittle(t *testing.T) {
	known := index(t, `{"pull-a":["`+shared+`/hangzhou"],"pull-b":["`+shared+`/zhangjiakou"]}`)
	body := review(t, listing(`[{"name":"pull-a"},{"name":"pull-b"}]`, source+"/demo/web:1"), into("shop"))
	allocations := map[string]float64{}
	for mode, added := range map[string]string{"Off": "", "Derive": derive} {
		w := newWebhook(t, added)
		w.KnowPullSecrets(known)
		allocations[mode] = testing.AllocsPerRun(100, func() { w.post("/mutate", bytes.NewReader(body)) })
	}
	if more := allocations["Derive"] - allocations["Off"]; more < 1 || more > 20 {
		t.Errorf("two companions take %v allocations more than the %v without", more, allocations["Off"])
	}
}

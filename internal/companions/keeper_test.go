package companions

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

// play runs a test in which time passes only while all wait.
func play(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) }

func TestACompanionStandsBesideEachPullSecret(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		original := api.Put(pull("ns", "pull", hostA+" a1", hostB+" b1"))
		old := pull("ns", "older", hostB+" b1")
		old.Type, old.Data = corev1.SecretTypeDockercfg, map[string][]byte{pullsecrets.KeyDockerConfig: []byte(`{"` + hostB + `":{"username":"ann","password":"password-old"}}`)}
		api.Put(old)
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		w.expect("ns/pull", "ns/older", "ns/"+ofA, "ns/"+ofB, "ns/older.zhangjiakou."+shared)
		w.holds(ofA, "a1")
		w.holds(ofB, "b1")
		w.holds("older.zhangjiakou."+shared, "old")
		got := w.Secret("ns", ofB)
		want := metav1.ObjectMeta{
			Name: ofB, Namespace: "ns", UID: got.UID, ResourceVersion: got.ResourceVersion, ManagedFields: got.ManagedFields,
			Labels: map[string]string{
				"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/name": "registry-failover", "app.kubernetes.io/component": "controller",
				"registry-failover.io/pull-secret": "derived",
			},
			Annotations: map[string]string{
				FromAnnotation: "pull", EndpointAnnotation: shared, InstanceAnnotation: "zhangjiakou",
				VersionAnnotation: original.ResourceVersion, RulesAnnotation: rulesOf(endpoints()), HoldingsAnnotation: shared + "/hangzhou," + shared + "/zhangjiakou",
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: "pull", UID: original.UID}},
		}
		if diff := cmp.Diff(want, got.ObjectMeta); diff != "" || got.Type != corev1.SecretTypeDockerConfigJson {
			t.Errorf("%s: %s", got.Type, diff)
		}
		w.keepsSecrets()
	})
}

func TestNothingIsDerivedFrom(t *testing.T) {
	labelled := pull("ns", "minted", hostA+" x")
	labelled.Labels = map[string]string{ownedsecrets.Label: ownedsecrets.Minted}
	for sentence, secret := range map[string]*corev1.Secret{
		"a Secret of kube-system":                       pull("kube-system", "pull", hostA+" x"),
		"one of the product's namespace":                pull(own, "pull", hostA+" x"),
		"one with a credential for the endpoint itself": pull("ns", "pull", hostA+" x", shared+" y"),
		"one with credentials for others only":          pull("ns", "pull", "docker.io x"),
		"a minted one":                                  labelled,
		"one whose name is a companion's":               pull("ns", "other.hangzhou."+shared, hostA+" x"),
		"the break-glass Secret":                        pull("ns", "emergency", hostA+" x"),
		"one of another type":                           {ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "opaque"}, Type: corev1.SecretTypeOpaque},
		"one that nobody can read":                      {ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "bad"}, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{".dockerconfigjson": []byte("{")}},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, func(t *testing.T) {
				api := &secretsapi.Server{}
				api.Put(secret)
				w := lead(t, api, configured(config.PullSecretsDerive, "*"))
				w.expect(secret.Namespace + "/" + secret.Name)
			})
		})
	}
}

// TestOnlyListedNamespacesAreLookedAt: there are no rights to others.
func TestOnlyListedNamespacesAreLookedAt(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1"))
		api.Put(pull("other", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns", own))
		w.expect("ns/pull", "other/pull", "ns/"+ofA)
		for _, r := range w.Requests() {
			if r.Namespace != "ns" && r.Resource == "secrets" || r.Namespace != own && r.Resource == "configmaps" {
				t.Errorf("it asks to %s", r)
			}
		}
	})
}

// TestChangesAreFollowedAtOnce: none of this takes any time but that of the requests.
func TestChangesAreFollowedAtOnce(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		w := lead(t, api, configured(config.PullSecretsDerive, "*"))
		begun := time.Now()
		w.Put(pull("ns", "pull", hostA+" a1", hostB+" b1"))
		w.holds(ofA, "a1")
		w.holds(ofB, "b1")
		w.did()
		w.Put(pull("ns", "pull", hostA+" a2", hostB+" b1")) // rotated
		w.holds(ofA, "a2")
		if diff := cmp.Diff([]string{"get pull", "get " + ofA, "update " + ofA, "get " + ofB}, w.did()); diff != "" {
			t.Errorf("a rotation costs %s", diff)
		}
		w.Put(pull("ns", "pull", hostB+" b1")) // without a credential
		w.expect("ns/pull", "ns/"+ofB)
		w.Put(pull("ns", "pull", hostB+" b1", shared+" x"))
		w.expect("ns/pull")
		w.Put(pull("ns", "pull", hostA+" a3"))
		w.expect("ns/pull", "ns/"+ofA)
		w.Remove("ns", "pull")
		w.expect()
		if took := time.Since(begun); took > 0 {
			t.Errorf("it took %v", took)
		}
		w.keepsSecrets()
	})
}

func TestARotationEachHourIsFollowed(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		for _, word := range []string{"1", "2", "3", "4", "5"} {
			w.Put(pull("ns", "pull", hostA+" "+word))
			w.holds(ofA, word)
			time.Sleep(time.Hour)
		}
		if got := len(w.did()); got != 5*3 {
			t.Errorf("there are %d requests", got)
		}
	})
}

func TestWhatSomebodyEditsOrDeletesIsPutBack(t *testing.T) {
	for sentence, change := range map[string]func(w *world){
		"a deletion": func(w *world) { w.Remove("ns", ofA) },
		"other content": func(w *world) {
			s := w.Secret("ns", ofA)
			s.Data = map[string][]byte{".dockerconfigjson": []byte("{}")}
			w.Put(s)
		},
		"a missing annotation": func(w *world) {
			s := w.Secret("ns", ofA)
			delete(s.Annotations, FromAnnotation)
			w.Put(s)
		},
		"a Secret anew that can't be changed": func(w *world) {
			s, yes := w.Secret("ns", ofA), true
			s.Immutable, s.Data = &yes, map[string][]byte{".dockerconfigjson": []byte("{}")}
			w.Put(s)
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			play(t, func(t *testing.T) {
				api := &secretsapi.Server{}
				api.Put(pull("ns", "pull", hostA+" a1"))
				w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
				w.holds(ofA, "a1")
				want := w.Secret("ns", ofA).Annotations
				change(w)
				w.holds(ofA, "a1")
				if diff := cmp.Diff(want, w.Secret("ns", ofA).Annotations); diff != "" {
					t.Error(diff)
				}
				w.did()
				time.Sleep(time.Hour)
				if did := w.did(); len(did) > 2 || slices.ContainsFunc(did, func(what string) bool { return !strings.HasPrefix(what, "get ") }) {
					t.Errorf("it goes on to %v", did)
				}
			})
		})
		t.Run(sentence+" while nobody leads", func(t *testing.T) {
			play(t, func(t *testing.T) {
				api := &secretsapi.Server{}
				api.Put(pull("ns", "pull", hostA+" a1"))
				w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
				w.stop()
				change(w)
				lead(t, api, configured(config.PullSecretsDerive, "ns")).holds(ofA, "a1")
			})
		})
	}
}

// TestAFightIsFoughtSlowly: somebody who deletes each companion at once has the API server written seldom.
func TestAFightIsFoughtSlowly(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		for range 3600 {
			w.Remove("ns", ofA)
			time.Sleep(time.Second)
		}
		if did := w.did(); len(did) > 100 {
			t.Errorf("in an hour there are %d requests", len(did))
		}
		// Changes of the original are followed all the same.
		w.Put(pull("ns", "pull", hostA+" a2"))
		w.holds(ofA, "a2")
	})
}

func TestAnOriginalThatWasMadeAnewKeepsItsCompanions(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		w.stop()
		w.Remove("ns", "pull")
		anew := w.Put(pull("ns", "pull", hostA+" a1"))
		w = lead(t, api, configured(config.PullSecretsDerive, "ns"))
		w.holds(ofA, "a1")
		if got := w.Secret("ns", ofA).OwnerReferences; len(got) != 1 || got[0].UID != anew.UID {
			t.Errorf("its owners are %v", got)
		}
		if did := w.did(); slices.Contains(did, "delete "+ofA) {
			t.Errorf("pods would have been without it: %v", did)
		}
	})
}

// TestAReplicaThatBeginsToLeadReadsWhatHasChanged, and nothing else.
func TestAReplicaThatBeginsToLeadReadsWhatHasChanged(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		for _, name := range []string{"pull", "more", "gone"} {
			api.Put(pull("ns", name, hostA+" a1", hostB+" b1"))
		}
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		w.stop()
		before := w.index()
		w.did()
		w = lead(t, api, configured(config.PullSecretsDerive, "ns"))
		time.Sleep(time.Minute)
		if did := w.did(); len(did) > 0 {
			t.Errorf("when nothing has changed it does %v", did)
		}
		if diff := cmp.Diff(before, w.index()); diff != "" && before != nil {
			t.Error(diff)
		}
		w.stop()
		w.Put(pull("ns", "pull", hostA+" a2", hostB+" b1"))
		w.Remove("ns", "gone")
		w.did()
		w = lead(t, api, configured(config.PullSecretsDerive, "ns"))
		w.holds(ofA, "a2")
		w.expect("ns/pull", "ns/more", "ns/"+ofA, "ns/"+ofB, "ns/more.hangzhou."+shared, "ns/more.zhangjiakou."+shared)
		for _, did := range w.did() {
			if strings.Contains(did, "more") {
				t.Errorf("it does %s", did)
			}
		}
	})
}

func TestATakenNameStaysAndIsTold(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		taken := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: ofA}, Type: corev1.SecretTypeOpaque}
		before := api.Put(taken)
		api.Put(pull("ns", "pull", hostA+" a1", hostB+" b1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		w.holds(ofB, "b1")
		time.Sleep(3 * time.Minute)
		if diff := cmp.Diff(before, w.Secret("ns", ofA)); diff != "" {
			t.Errorf("it was written: %s", diff)
		}
		if got := w.value("registry_failover_pull_secret_conflicts"); got != 1 {
			t.Errorf("the metric says %v", got)
		}
		if n := strings.Count(w.log.String(), "its name is taken"); n != 1 {
			t.Errorf("the log tells it %d times:\n%s", n, w.log)
		}
		if event := <-w.events.Events; !strings.Contains(event, "PullSecretNameTaken "+ofA) || len(w.events.Events) > 0 {
			t.Errorf("the event is %q, and %d more", event, len(w.events.Events))
		}
		w.Remove("ns", ofA) // no watch shows it
		time.Sleep(time.Minute)
		w.holds(ofA, "a1")
		if got := w.value("registry_failover_pull_secret_conflicts"); got != 0 {
			t.Errorf("the metric says %v afterwards", got)
		}
		w.keepsSecrets()
	})
}

func TestASecretThatBecomesUnreadableKeepsItsCompanions(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		api.Put(pull("ns", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		bad := w.Secret("ns", "pull")
		bad.Data[".dockerconfigjson"] = []byte(`{"auths":{"` + hostA + `":{"auth":"cGFzc3dvcmQt`)
		w.Put(bad)
		w.holds(ofA, "a1")
		check := func(when string) {
			t.Helper()
			time.Sleep(10 * time.Second)
			w.holds(ofA, "a1")
			if got := w.value("registry_failover_pull_secret_unreadable"); got != 1 {
				t.Errorf("%s the metric says %v", when, got)
			}
			if got := w.index()["ns"]; got != `{"pull":["`+shared+`/hangzhou"]}` {
				t.Errorf("%s the index says %s", when, got)
			}
			if event := <-w.events.Events; !strings.Contains(event, "PullSecretUnreadable its content is no JSON") {
				t.Errorf("%s the event is %q", when, event)
			}
			w.keepsSecrets()
		}
		check("at once")
		w.stop()
		w = lead(t, api, configured(config.PullSecretsDerive, "ns"))
		check("with another leader")
		w.Put(pull("ns", "pull", hostA+" a2"))
		w.holds(ofA, "a2")
		if got := w.value("registry_failover_pull_secret_unreadable"); got != 0 {
			t.Errorf("in the end the metric says %v", got)
		}
	})
}

// TestNothingIsDeletedWhileAListIsMissing: the original may be of the type that can't be listed.
func TestNothingIsDeletedWhileAListIsMissing(t *testing.T) {
	play(t, func(t *testing.T) {
		var refuse atomic.Int32
		api := &secretsapi.Server{Refuse: func(secretsapi.Request) int { return int(refuse.Load()) }}
		old := pull("ns", "pull")
		old.Type, old.Data = corev1.SecretTypeDockercfg, map[string][]byte{pullsecrets.KeyDockerConfig: []byte(`{"` + hostA + `":{"username":"ann","password":"password-a1"}}`)}
		api.Put(old)
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		w.holds(ofA, "a1")
		w.stop()
		refuse.Store(http.StatusForbidden)
		w = lead(t, api, configured(config.PullSecretsDerive, "ns"))
		time.Sleep(time.Minute)
		w.expect("ns/pull", "ns/"+ofA)
		if got := w.value("registry_failover_pull_secret_namespaces_unwatched"); got != 1 {
			t.Errorf("the metric says %v", got)
		}
		refuse.Store(0)
		time.Sleep(time.Minute)
		w.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pull"}, Type: corev1.SecretTypeDockercfg,
			Data: map[string][]byte{pullsecrets.KeyDockerConfig: []byte(`{"` + hostA + `":{"username":"ann","password":"password-a2"}}`)}})
		w.holds(ofA, "a2")
		if got := w.value("registry_failover_pull_secret_namespaces_unwatched"); got != 0 {
			t.Errorf("the metric says %v", got)
		}
	})
}

func TestNoRequestThatIsRefusedEndsAnything(t *testing.T) {
	play(t, func(t *testing.T) {
		var refuse atomic.Int32
		api := &secretsapi.Server{Refuse: func(r secretsapi.Request) int {
			if r.Verb == "list" || r.Verb == "watch" {
				return 0
			}
			return int(refuse.Load())
		}}
		refuse.Store(http.StatusInternalServerError)
		api.Put(pull("ns", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		time.Sleep(10 * time.Minute)
		w.expect("ns/pull")
		if n := strings.Count(w.log.String(), "a pull secret can't be followed"); n != 1 {
			t.Errorf("the log tells it %d times", n)
		}
		refuse.Store(0)
		time.Sleep(31 * time.Second)
		w.holds(ofA, "a1")
		w.keepsSecrets()
	})
}

// TestWhatIsRefusedIsToldAlsoAfterAnotherTry: the first try may meet somebody else who writes.
func TestWhatIsRefusedIsToldAlsoAfterAnotherTry(t *testing.T) {
	play(t, func(t *testing.T) {
		var tries atomic.Int32
		api := &secretsapi.Server{Refuse: func(r secretsapi.Request) int {
			switch {
			case r.Verb != "create" || r.Resource != "secrets":
				return 0
			case tries.Add(1) == 1:
				return http.StatusConflict
			}
			return http.StatusForbidden // a quota's answer
		}}
		api.Put(pull("ns", "pull", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		time.Sleep(10 * time.Minute)
		if n := strings.Count(w.log.String(), "a pull secret can't be followed"); n != 1 || tries.Load() < 3 {
			t.Errorf("after %d tries the log has told it %d times", tries.Load(), n)
		}
	})
}

func TestWatchesThatBeginAnewMissNothing(t *testing.T) {
	play(t, func(t *testing.T) {
		var away atomic.Int32
		api := &secretsapi.Server{Refuse: func(r secretsapi.Request) int { return int(away.Load()) }}
		api.Put(pull("ns", "pull", hostA+" a1"))
		api.Put(pull("ns", "gone", hostA+" a1"))
		w := lead(t, api, configured(config.PullSecretsDerive, "*"))
		w.holds(ofA, "a1")
		away.Store(http.StatusServiceUnavailable)
		w.Compact()
		w.Put(pull("ns", "pull", hostA+" a2"))
		w.Remove("ns", "gone")
		time.Sleep(10 * time.Second)
		away.Store(0)
		time.Sleep(31 * time.Second)
		w.holds(ofA, "a2")
		w.expect("ns/pull", "ns/"+ofA)
	})
}

func TestAnEntryThatNamesItsHostByAPatternCounts(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		text, _ := json.Marshal(map[string]any{"auths": map[string]any{"*.cn-hangzhou.cr.aliyuncs.com": map[string]string{"username": "ann", "password": "password-p"}}})
		s := pull("ns", "pull")
		s.Data[".dockerconfigjson"] = text
		api.Put(s)
		lead(t, api, configured(config.PullSecretsDerive, "ns")).holds(ofA, "p")
	})
}

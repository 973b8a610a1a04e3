package uninstall

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ktesting "k8s.io/client-go/testing"
)

const uninstallAnnotation = "registry-failover.io/uninstall"

// annotation is what the switch carries now.
func (h *hook) annotation() string {
	h.t.Helper()
	found, err := h.api.CoreV1().ConfigMaps(namespace).Get(h.t.Context(), "registry-failover", metav1.GetOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	return found.Annotations[uninstallAnnotation]
}

func (h *hook) report(l *coordinationv1.Lease) {
	h.t.Helper()
	if _, err := h.api.CoordinationV1().Leases(namespace).Update(h.t.Context(), l, metav1.UpdateOptions{}); err != nil {
		h.t.Fatal(err)
	}
}

func TestRunRefusesWhileAFailoverIsActive(t *testing.T) {
	tests := map[string]struct {
		value   string
		refused bool
	}{
		"the word privatezone":              {"privatezone\n", false},
		"privatezone with a reason":         {"to: privatezone\nreason: zhangjiakou is back", false},
		"an instance":                       {"hangzhou", true},
		"an instance by its network":        {"hangzhou/public", true},
		"an instance in lines":              {"to: hangzhou\nreason: privatezone", true},
		"a drill":                           {"to: hangzhou\nfrom: privatezone\nnodes: node-a", true},
		"the other nodes of a drill":        {"to: privatezone\nfrom: hangzhou\nshare: 10", true},
		"privatezone from privatezone":      {"to: privatezone\nfrom: privatezone\nshare: 10", false},
		"nothing: the value before is kept": {"", true},
		"a mistake, and the same":           {"privatzone", true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := start(t, Run, theSwitch(test.value), node("node-a"))
				_, err := h.end()
				if !test.refused {
					if err != nil || h.annotation() != "true" {
						t.Errorf("error %v, annotation %q", err, h.annotation())
					}
					return
				}
				if err == nil || h.annotation() != "" {
					t.Fatalf("error %v, annotation %q", err, h.annotation())
				}
				for _, remedy := range []string{
					"the switch doesn't say privatezone for cross-region.registry.io",
					`kubectl -n registry-failover patch configmap registry-failover --type merge -p '{"data":{"cross-region.registry.io":"privatezone"}}'`,
					"kubectl -n registry-failover annotate --overwrite configmap registry-failover registry-failover.io/uninstall=force",
				} {
					if !strings.Contains(err.Error(), remedy) {
						t.Errorf("%q is not in %v", remedy, err)
					}
				}
			})
		})
	}
}

func TestRunNamesEachEndpointOfAFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		values := map[string]string{"b.example.com": "hangzhou", "a.example.com": "hangzhou", "c.example.com": "privatezone"}
		_, err := start(t, Run, configMap(namespace, "registry-failover", values)).end()
		if err == nil || !strings.Contains(err.Error(), "for a.example.com, b.example.com, and") ||
			!strings.Contains(err.Error(), `{"data":{"a.example.com":"privatezone","b.example.com":"privatezone"}}`) {
			t.Errorf("error %v", err)
		}
	})
}

// TestWhereTheSwitchHasNoValueTheLastOneCounts was an uninstallation in the middle of a failover once.
func TestWhereTheSwitchHasNoValueTheLastOneCounts(t *testing.T) {
	state := configMap(namespace, "registry-failover-state", map[string]string{name: `{"version":1,"lastSwitch":"hangzhou"}`})
	for what, test := range map[string]struct {
		objects []runtime.Object
		remedy  string
	}{
		"the switch is missing": {[]runtime.Object{state}, "kubectl -n registry-failover delete configmap registry-failover-state"},
		"its key is missing":    {[]runtime.Object{state, configMap(namespace, "registry-failover", nil)}, "uninstall=force"},
		"its value is no text": {[]runtime.Object{&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "registry-failover"},
			BinaryData: map[string][]byte{name: {0xff}},
		}}, "uninstall=force"},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := start(t, Run, append(test.objects, node("node-a"), lease("node-a", "applied"))...).end()
				if err == nil || !strings.Contains(err.Error(), test.remedy) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// TestMarkThatIsTakenAwayMeanwhileKeepsTheProduct does what the page on uninstalling tells those who want to stay.
func TestMarkThatIsTakenAwayMeanwhileKeepsTheProduct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Run, theSwitch("privatezone"), node("node-a"), lease("node-a", "applied"))
		if err := h.api.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), theSwitch("privatezone"), namespace); err != nil {
			t.Fatal(err)
		}
		if _, err := h.end(); err == nil || h.annotation() != "" {
			t.Errorf("error %v, annotation %q", err, h.annotation())
		}
	})
}

func TestNodeThatGoesIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Run, theSwitch("privatezone"), node("node-a"), node("node-b"), lease("node-a", "applied"), lease("node-b", "removed"))
		if err := h.api.CoreV1().Nodes().Delete(t.Context(), "node-a", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if took, err := h.end(); err != nil || took > 2*poll {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestForcedRunLeavesTheAnnotationAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Run, theSwitch("hangzhou", uninstallAnnotation+"=force"))
		if _, err := h.end(); err != nil || h.annotation() != "force" {
			t.Errorf("error %v, annotation %q", err, h.annotation())
		}
		h = start(t, Run, theSwitch("hangzhou", uninstallAnnotation+"=true"))
		if _, err := h.end(); err == nil {
			t.Error("a mark that isn't force was taken for it")
		}
	})
}

func TestSwitchThatIsThrownMeanwhileIsLookedAtAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hook{t: t, api: nil, out: &output{}, began: time.Now(), ended: make(chan error, 1)}
		h.api = newClientset(theSwitch("privatezone"))
		h.api.PrependReactor("patch", "configmaps", func(ktesting.Action) (bool, runtime.Object, error) {
			if err := h.api.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), theSwitch("hangzhou"), namespace); err != nil {
				t.Error(err)
			}
			return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "registry-failover", errors.New("it was modified"))
		})
		h.begin(Run)
		if _, err := h.end(); err == nil || !strings.Contains(err.Error(), "the switch doesn't say privatezone") {
			t.Errorf("error %v", err)
		}
	})
}

func TestSwitchThatIsThrownWhileNodesAreWaitedForStopsTheUninstallation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Run, theSwitch("privatezone"), node("a"), lease("a", "applied"))
		time.Sleep(time.Second)
		synctest.Wait()
		thrown := theSwitch("hangzhou", uninstallAnnotation+"=true")
		if err := h.api.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), thrown, namespace); err != nil {
			t.Fatal(err)
		}
		if _, err := h.end(); err == nil || !strings.Contains(err.Error(), "the switch doesn't say privatezone") {
			t.Errorf("error %v", err)
		}
		if mark := h.annotation(); mark != "" {
			t.Errorf("the mark is left, for the next failback: %q", mark)
		}
	})
}

func TestRunEndsAsSoonAsAllNodesHaveReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		election := lease("registry-failover-controller", "")
		election.Labels, election.Annotations = nil, nil
		h := start(t, Run, theSwitch("privatezone"), election,
			node("a"), node("b"), node("c"), node("new"),
			lease("a", "applied"), lease("b", "none"), lease("c", `hosts file "/etc/hosts" can't be replaced`), lease("gone", "applied"))
		h.report(lease("a", "removed"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		h.report(lease("c", "removed"))
		took, err := h.end()
		if err != nil || took > 32*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		h.says("3 of 4 nodes report that they have no block.", "No resolver has ever reported from new: no block is known there.")
		if h.out.has("These nodes don't") {
			t.Errorf("it says %q", h.out.text.String())
		}
	})
}

func TestSilentNodesAreListedWithACommandAfterTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		damaged := lease("d", "none")
		damaged.Annotations = nil
		h := start(t, Run, theSwitch("privatezone"), node("a"), node("b"), node("c"), node("d"), node("leaving"),
			lease("c", "removed"), lease("b", "applied"), lease("a", "read-only file system"), damaged, lease("leaving", "applied"))
		time.Sleep(time.Minute)
		if err := h.api.CoreV1().Nodes().Delete(t.Context(), "leaving", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		took, err := h.end()
		if err != nil || took != 2*time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		h.says("1 of 4 nodes report that they have no block.",
			"  a: it reported \"read-only file system\" at 2026-11-23T02:00:00Z\n  b: it reported \"applied\" at 2026-11-23T02:00:00Z\n  d: the annotations ",
			"sed -i '/^# BEGIN registry-failover/,/^# END registry-failover/d' /etc/hosts", "resolver hosts --remove --hosts-file /etc/hosts")
		if h.out.has("leaving") {
			t.Error("a node that has left is listed")
		}
	})
}

func TestWithoutASwitchNobodyIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Run, node("a"), lease("a", "applied"))
		if took, err := h.end(); err != nil || took != 0 {
			t.Errorf("after %v: %v", took, err)
		}
		h.says("There is no ConfigMap registry-failover/registry-failover", "  a: it reported \"applied\"", "sed -i")
	})
}

func TestAPIServerThatIsAwayForAWhileIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hook{t: t, api: newClientset(theSwitch("privatezone"), node("a"), lease("a", "removed")), out: &output{}, began: time.Now(), ended: make(chan error, 1)}
		failures := 5
		h.api.PrependReactor("list", "leases", func(ktesting.Action) (bool, runtime.Object, error) {
			failures--
			return failures >= 0, nil, errors.New("connection refused")
		})
		h.begin(Run)
		if took, err := h.end(); err != nil || took != 10*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestWhatMayNotBeReadIsAnError(t *testing.T) {
	for resource, words := range map[string]string{
		"configmaps": "ConfigMap registry-failover can't be read: ", "nodes": "the nodes can't be listed: ", "leases": "the nodes' Leases can't be listed: ",
	} {
		t.Run(resource, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hook{t: t, api: newClientset(theSwitch("privatezone")), out: &output{}, began: time.Now(), ended: make(chan error, 1)}
				h.api.PrependReactor("*", resource, func(ktesting.Action) (bool, runtime.Object, error) {
					return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no rule"))
				})
				h.begin(Run)
				if _, err := h.end(); err == nil || !strings.HasPrefix(err.Error(), words) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestRunThatIsEndedSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		api := newClientset(theSwitch("privatezone"), node("a"), lease("a", "applied"))
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, Options{Client: api, Namespace: namespace, Timeout: time.Minute, Out: &output{}})
		}()
		synctest.Wait()
		cancel()
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "run it again") {
			t.Errorf("error %v", err)
		}
	})
}

func TestCoreDNS(t *testing.T) {
	const rest = ".:53 {\n    forward . /etc/resolv.conf\n}\n"
	const stanza = "# BEGIN registry-failover\ncross-region.registry.io:53 {\n    forward . 192.0.2.10\n}\n# END registry-failover\n"
	const broken = rest + "# BEGIN registry-failover\nx\n"
	tests := map[string]struct {
		data, want map[string]string
		says       string
		requests   []string
	}{
		"the stanza goes, from each key": {
			map[string]string{"Corefile": rest + stanza, "other.server": stanza + "a", "third": "b"},
			map[string]string{"Corefile": rest, "other.server": "a", "third": "b"},
			"the stanza is removed from ConfigMap kube-system/coredns", []string{"get", "patch"},
		},
		"without a stanza nothing is written": {map[string]string{"Corefile": rest}, map[string]string{"Corefile": rest}, "", []string{"get"}},
		"markers that don't pair are left and told, the other keys are not": {
			map[string]string{"Corefile": broken, "other.server": stanza}, map[string]string{"Corefile": broken, "other.server": ""},
			"key Corefile, is left as it is: the BEGIN in line 4 has no END.", []string{"get", "patch"},
		},
		"no ConfigMap is in order": {nil, nil, "", []string{"get"}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				objects := []runtime.Object{theSwitch("privatezone")}
				if test.data != nil {
					objects = append(objects, configMap("kube-system", "coredns", test.data))
				}
				h := start(t, Run, objects...)
				if _, err := h.end(); err != nil {
					t.Fatal(err)
				}
				h.says(test.says)
				var requests []string
				for _, a := range h.api.Actions() {
					if a.GetNamespace() == "kube-system" {
						requests = append(requests, a.GetVerb())
					}
				}
				if !slices.Equal(requests, test.requests) {
					t.Errorf("the requests are %q", requests)
				}
				if test.want == nil {
					return
				}
				found, err := h.api.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "coredns", metav1.GetOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, found.Data); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	t.Run("an empty name leaves CoreDNS alone", func(t *testing.T) {
		api := newClientset(theSwitch("privatezone"))
		if err := Run(t.Context(), Options{Client: api, Namespace: namespace, CoreDNSNamespace: "kube-system", Out: &output{}}); err != nil {
			t.Error(err)
		}
		for _, a := range api.Actions() {
			if a.GetNamespace() == "kube-system" {
				t.Errorf("there is a %s", a.GetVerb())
			}
		}
	})
}

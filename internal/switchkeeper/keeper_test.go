package switchkeeper

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

func TestBothAreCreated(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.expect("privatezone", lastSwitch("privatezone"))
	want := map[string]string{
		"app.kubernetes.io/part-of":   "registry-failover",
		"app.kubernetes.io/name":      "registry-failover",
		"app.kubernetes.io/component": "controller",
	}
	for _, configMap := range []string{inputs.SwitchName, inputs.StateName} {
		if diff := cmp.Diff(want, w.get(configMap).Labels); diff != "" {
			t.Errorf("%s: %s", configMap, diff)
		}
	}
}

func TestEachChangeIsRecordedOnce(t *testing.T) {
	w := newWorld(t)
	w.settle()
	for _, value := range []string{"hangzhou", "hangzhou/public", "privatezone"} {
		w.put(inputs.SwitchName, value+"\n")
		w.settle() // fails when it writes again and again
		w.expect(value+"\n", lastSwitch(value))
		before := w.versions()
		w.settle()
		if diff := cmp.Diff(before, w.versions()); diff != "" {
			t.Errorf("written without a change: %s", diff)
		}
	}
}

func TestDeletedSwitchComesBack(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	w.drop(inputs.SwitchName)
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
}

func TestDeletedStateComesBack(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	w.drop(inputs.StateName)
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
}

func TestBothDeletedComeBackFromWhatWasSeen(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	c := w.get(inputs.SwitchName)
	w.drop(inputs.SwitchName)
	w.drop(inputs.StateName)
	w.keeper.eyes().OnDelete(c)
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
}

// TestNextLeaderBringsBack begins with a process that has seen nothing.
func TestNextLeaderBringsBack(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.StateName, lastSwitch("hangzhou"))
	w.settle()
	w.expect("hangzhou", lastSwitch("hangzhou"))
}

func TestOtherKeysAndFieldsStay(t *testing.T) {
	w := newWorld(t, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: inputs.SwitchName, Annotations: map[string]string{"a": "b"}},
		Data:       map[string]string{"left.registry.io": "hangzhou"},
		BinaryData: map[string][]byte{name: {0xff}},
	})
	w.put(inputs.StateName, lastSwitch("hangzhou"))
	w.settle()
	c := w.get(inputs.SwitchName)
	if diff := cmp.Diff(map[string]string{"left.registry.io": "hangzhou"}, c.Data); diff != "" || len(c.BinaryData) != 1 || c.Annotations["a"] != "b" {
		t.Errorf("a value that is no text stood there: %s %v", diff, c)
	}
}

func TestNewEndpointGetsAKey(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	more := endpoints(t)
	more = append(more, more[0])
	more[1].Name = "second.registry.io"
	w.keeper.Configure(more)
	w.settle()
	if diff := cmp.Diff(map[string]string{name: "hangzhou", "second.registry.io": "privatezone"}, w.get(inputs.SwitchName).Data); diff != "" {
		t.Error(diff)
	}
	w.keeper.Configure(endpoints(t))
	w.settle()
	if len(w.get(inputs.SwitchName).Data) != 2 {
		t.Error("the key of an endpoint that left the configuration is gone")
	}
}

func TestUninstalling(t *testing.T) {
	for mark, stands := range map[string]string{"true": "privatezone", "force": "hangzhou"} {
		t.Run(mark, func(t *testing.T) {
			w := newWorld(t)
			w.put(inputs.SwitchName, stands)
			w.settle()
			c := w.get(inputs.SwitchName)
			c.Annotations = map[string]string{inputs.UninstallAnnotation: mark}
			w.must(w.Update(t.Context(), c))
			w.settle()
			w.drop(inputs.StateName)
			w.settle()
			w.expect(stands, "-")
			w.drop(inputs.SwitchName)
			w.keeper.eyes().OnDelete(c)
			w.settle()
			w.expect("-", "-")

			w.put(inputs.SwitchName, "zhangjiakou") // somebody has thought better of it
			w.settle()
			w.drop(inputs.SwitchName)
			w.settle()
			w.expect("zhangjiakou", lastSwitch("zhangjiakou"))
		})
	}
}

// TestMarkThatDoesNotHold has another word than the two, and one that an
// uninstallation has left that was given up before a failover.
func TestMarkThatDoesNotHold(t *testing.T) {
	for _, mark := range []string{"false", "true"} {
		w := newWorld(t)
		c := w.put(inputs.SwitchName, "hangzhou")
		c.Annotations = map[string]string{inputs.UninstallAnnotation: mark}
		w.must(w.Update(t.Context(), c))
		w.settle()
		w.expect("hangzhou", lastSwitch("hangzhou"))
	}
}

// TestMarkThatWasForgotten is one of an uninstallation that was given up; what
// happens afterwards is kept as ever.
func TestMarkThatWasForgotten(t *testing.T) {
	w := newWorld(t)
	w.settle()
	mark := func(change func(*corev1.ConfigMap)) {
		c := w.get(inputs.SwitchName)
		c.Annotations = map[string]string{inputs.UninstallAnnotation: "true"}
		change(c)
		w.must(w.Update(t.Context(), c))
		w.settle()
	}
	mark(func(*corev1.ConfigMap) {})
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	mark(func(c *corev1.ConfigMap) { delete(c.Data, name) })
	w.expect("hangzhou", lastSwitch("hangzhou"))
	w.put(inputs.SwitchName, "privatezone")
	w.settle()
	w.expect("privatezone", lastSwitch("privatezone"))
}

func TestMarkThatHoldsIsTold(t *testing.T) {
	w := atHangzhou(t)
	w.log.Reset()
	c := w.get(inputs.SwitchName)
	c.Annotations = map[string]string{inputs.UninstallAnnotation: "force"}
	w.must(w.Update(t.Context(), c))
	w.settle()
	if got := testutil.ToFloat64(w.keeper.report.uninstall); got != 1 {
		t.Errorf("the metric is %v", got)
	}
	if !strings.Contains(w.log.String(), "to stay installed take the annotation away") {
		t.Errorf("the log says %q", w.log)
	}
}

func TestRecordThatIsRefusedIsTold(t *testing.T) {
	w := atHangzhou(t)
	w.put(inputs.SwitchName, "zhangjiakou")
	w.catchUp()
	w.before["patch "+inputs.StateName] = func() { w.refuse = errors.New("forbidden") }
	if _, err := w.keeper.Reconcile(t.Context(), reconcile.Request{}); err == nil {
		t.Error("it worked")
	}
	if got := w.metric("registry_failover_state_valid"); got != 0 {
		t.Errorf("the metric is %v", got)
	}
}

// TestStateThatCanNotBeWrittenKeepsNoSwitchFromComingBack has a state that
// nobody may write, and a watch that has seen a failover.
func TestStateThatCanNotBeWrittenKeepsNoSwitchFromComingBack(t *testing.T) {
	w := atHangzhou(t)
	w.drop(inputs.SwitchName)
	w.drop(inputs.StateName)
	w.catchUp()
	w.before["create "+inputs.StateName] = func() { w.refuse = errors.New("forbidden") }
	w.before["create "+inputs.SwitchName] = func() { w.refuse = nil }
	if _, err := w.keeper.Reconcile(t.Context(), reconcile.Request{}); err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("error %v", err)
	}
	w.expect("hangzhou", "-")
}

// TestMarkThatOnlyTheWatchSaw deletes before the mark could be read.
func TestMarkThatOnlyTheWatchSaw(t *testing.T) {
	w := newWorld(t)
	w.put(inputs.SwitchName, "hangzhou")
	w.settle()
	c := w.get(inputs.SwitchName)
	c.Annotations = map[string]string{inputs.UninstallAnnotation: "force"}
	w.drop(inputs.SwitchName)
	w.keeper.eyes().OnDelete(c)
	w.settle()
	w.expect("-", lastSwitch("hangzhou"))
}

func TestRequestThatFailsIsTold(t *testing.T) {
	w := newWorld(t)
	w.refuse = errors.New("no route to host")
	_, err := w.keeper.Reconcile(t.Context(), reconcile.Request{})
	if err == nil || !strings.Contains(err.Error(), "read ConfigMap registry-failover/registry-failover-state: no route to host") {
		t.Error(err)
	}
	w.refuse = nil
	w.before["create "+inputs.SwitchName] = func() { w.refuse = errors.New("no route to host") }
	_, err = w.keeper.Reconcile(t.Context(), reconcile.Request{})
	if err == nil || err.Error() != "create ConfigMap registry-failover/registry-failover: no route to host" {
		t.Error(err)
	}
}

func TestNamespaceThatEndsIsNoError(t *testing.T) {
	w := newWorld(t)
	terminating := apierrors.NewForbidden(corev1.Resource("configmaps"), inputs.SwitchName, errors.New("the namespace is being terminated"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	w.before["create "+inputs.SwitchName] = func() { w.refuse = terminating }
	w.turn()
}

func TestNothingIsDoneBeforeTheWatchHasBegun(t *testing.T) {
	w := newWorld(t)
	began := false
	w.keeper.synced = func() bool { return began }
	if again := w.turn(); !again || w.keeper.Ready() == nil {
		t.Errorf("again: %v, ready: %v", again, w.keeper.Ready())
	}
	w.expect("-", "-")
	began = true
	w.settle()
	w.expect("privatezone", lastSwitch("privatezone"))
	if err := w.keeper.Ready(); err != nil {
		t.Error(err)
	}
}

package switchkeeper

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registry-failover/registry-failover/internal/inputs"
	"github.com/registry-failover/registry-failover/internal/rollout"
)

// told takes the Events that have been made.
func (w *world) told() []string {
	var told []string
	for len(w.events.Events) > 0 {
		told = append(told, <-w.events.Events)
	}
	return told
}

func TestEachChangeIsToldOnce(t *testing.T) {
	w := newWorld(t)
	w.settle()
	if told := w.told(); told != nil {
		t.Errorf("the first switch is no change: %q", told)
	}
	for _, step := range []struct{ value, want string }{
		{"to: hangzhou\nset-by: oncall\nreason: pulls time out", "Normal SwitchChanged cross-region.registry.io: the switch leads to hangzhou/internal and led to privatezone, by oncall, as its set-by says: pulls time out"},
		{"zhangjiakou", "Normal SwitchChanged cross-region.registry.io: the switch leads to zhangjiakou/internal and led to hangzhou/internal, nobody knows by whom: it gives no reason"},
		{" zhangjiakou ", ""},
	} {
		w.put(inputs.SwitchName, step.value)
		w.settle()
		var want []string
		if step.want != "" {
			want = []string{step.want}
		}
		if diff := cmp.Diff(want, w.told()); diff != "" {
			t.Errorf("%q: %s", step.value, diff)
		}
	}
	if n := w.metric("registry_failover_switch_changes_total"); n != 2 {
		t.Errorf("%v changes are counted", n)
	}
}

// TestTheNextLeaderTellsNothingAnew begins with what an earlier one has told.
func TestTheNextLeaderTellsNothingAnew(t *testing.T) {
	for _, value := range []string{"hangzhou", "nonsense"} {
		w := atHangzhou(t)
		w.put(inputs.SwitchName, value)
		w.written = []metav1.ManagedFieldsEntry{entry("kubectl-patch", "01:00:00", `{"f:data":{"f:`+name+`":{}}}`)}
		w.settle()
		w.told()
		w.keeper = w.newKeeper(prometheus.NewPedanticRegistry())
		w.settle()
		if told := w.told(); told != nil {
			t.Errorf("%s: %q", value, told)
		}
	}
}

// TestAnInvalidSwitchIsToldByTheLeaderThatFindsIt: nobody led when it was written.
func TestAnInvalidSwitchIsToldByTheLeaderThatFindsIt(t *testing.T) {
	for sentence, test := range map[string]struct {
		age  time.Duration
		want bool
	}{
		"it was written while nobody led":        {handover - time.Second, true},
		"another has told it":                    {handover + time.Second, false},
		"the clocks of the machines are far off": {-time.Hour, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.keeper.report.now = func() time.Time { return at("09:00:00") }
			wrote := metav1.NewTime(at("09:00:00").Add(-test.age))
			w.keeper.report.problems(
				&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: inputs.SwitchName, ResourceVersion: "1"}},
				endpoints(t), map[string]Problem{name: {Switch: errMeanwhile}}, map[string]rollout.Writer{name: {Manager: "kubectl-edit", At: wrote.Time}},
			)
			told := w.told()
			if (len(told) == 1) != test.want {
				t.Errorf("%q", told)
			}
			if test.want && !strings.HasSuffix(told[0], "(written by the field manager kubectl-edit)") {
				t.Errorf("%q", told)
			}
		})
	}
}

func TestASwitchThatComesBackIsTold(t *testing.T) {
	w := atHangzhou(t)
	w.put(inputs.SwitchName, "to: hangzhou\nreason: it burns")
	w.settle()
	w.told()
	w.drop(inputs.SwitchName)
	w.settle()
	want := []string{"Warning SwitchRestored cross-region.registry.io: the switch was missing, and is there again with its last valid value: to: hangzhou; reason: it burns"}
	if diff := cmp.Diff(want, w.told()); diff != "" {
		t.Error(diff)
	}
}

// TestAChangeThatIsNotRecordedIsNotTold: whoever records it tells it.
func TestAChangeThatIsNotRecordedIsNotTold(t *testing.T) {
	w := atHangzhou(t)
	w.put(inputs.SwitchName, "zhangjiakou")
	w.catchUp()
	w.before["patch "+inputs.StateName] = func() { w.put(inputs.StateName, lastSwitch("zhangjiakou")) }
	w.again()
	w.settle()
	if told := w.told(); told != nil {
		t.Errorf("%q", told)
	}
}

// abouts notes what Events are about.
type abouts []corev1.ObjectReference

func (a *abouts) Eventf(about, _ runtime.Object, _, _, _, _ string, _ ...any) {
	*a = append(*a, *about.(*corev1.ObjectReference))
}

// TestEventsAreAboutOneVersionOfTheSwitch: client-go counts those that are about the same
// as one, with the note of the first.
func TestEventsAreAboutOneVersionOfTheSwitch(t *testing.T) {
	w, seen := newWorld(t), abouts{}
	w.keeper.report.events = &seen
	w.settle()
	for _, value := range []string{"hangzhou", "zhangjiakou", "hangzhou"} {
		w.put(inputs.SwitchName, value)
		w.settle()
	}
	w.drop(inputs.SwitchName)
	w.settle()
	versions := map[string]bool{}
	for _, about := range seen {
		versions[about.ResourceVersion] = true
		if about.Kind != "ConfigMap" || about.Name != inputs.SwitchName || about.Namespace != namespace || about.FieldPath != "data["+name+"]" {
			t.Errorf("it is about %+v", about)
		}
	}
	if len(seen) != 4 || len(versions) != 4 || versions[""] {
		t.Errorf("%d Events are about the versions %v", len(seen), versions)
	}
}

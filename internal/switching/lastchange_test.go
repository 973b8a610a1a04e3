package switching

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/saferules"
)

func TestWhenTheSwitchWasChangedLast(t *testing.T) {
	entry := func(manager string, after time.Duration, fields string) metav1.ManagedFieldsEntry {
		at := metav1.NewTime(noon.Add(after))
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const ours, other = `{"f:data":{".":{},"f:cross-region.registry.io":{}}}`, `{"f:data":{"f:other.registry.io":{}}}`
	for sentence, test := range map[string]struct {
		value   string
		entries []metav1.ManagedFieldsEntry
		want    saferules.Change
	}{
		"by kubectl": {
			"hangzhou", []metav1.ManagedFieldsEntry{entry("controller", 0, other), entry("kubectl-patch", time.Hour, ours)},
			saferules.Change{At: noon.Add(time.Hour), By: "kubectl-patch"},
		},
		"by who says so": {
			"to: hangzhou\nset-by: alice", []metav1.ManagedFieldsEntry{entry("kubectl-patch", time.Hour, ours)}, saferules.Change{At: noon.Add(time.Hour), By: "alice"},
		},
		"what isn't valid":         {"hangzou", []metav1.ManagedFieldsEntry{entry("kubectl-edit", time.Hour, ours)}, saferules.Change{At: noon.Add(time.Hour), By: "kubectl-edit"}},
		"never: it was created so": {"privatezone", []metav1.ManagedFieldsEntry{entry("controller", 0, ours)}, saferules.Change{}},
		"another endpoint's alone": {
			"hangzhou", []metav1.ManagedFieldsEntry{entry("a", time.Hour, other)}, saferules.Change{Unknown: "the API server doesn't tell who has written the switch, and when"},
		},
		"with nothing told": {"hangzhou", nil, saferules.Change{Unknown: "the API server doesn't tell who has written the switch, and when"}},
	} {
		m := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(noon), ManagedFields: test.entries}, Data: map[string]string{shared: test.value},
		}
		if diff := cmp.Diff(test.want, LastChange(m, endpoint)); diff != "" {
			t.Errorf("%s: %s", sentence, diff)
		}
	}
}

func TestTheControllerKnowsSinceWhenItLeadsThere(t *testing.T) {
	written := saferules.Change{At: noon, By: "kubectl-patch"}
	for sentence, test := range map[string]struct {
		last  saferules.Change
		state string
		want  saferules.Change
	}{
		"another end was written since":  {written, `{"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-23T02:00:00Z"}`, saferules.Change{At: noon.Add(-10 * time.Hour), By: "kubectl-patch"}},
		"its record is of another value": {written, `{"lastSwitch":"privatezone","lastSwitchSince":"2026-11-23T02:00:00Z"}`, written},
		"its record is later":            {written, `{"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-23T12:00:05Z"}`, written},
		"it has no time":                 {written, `{"lastSwitch":"hangzhou"}`, written},
		"its record can't be read":       {written, `{"lastSwitch":"hangzhou","lastSwitchSince":"noon"}`, written},
		"it has none":                    {written, "", written},
		"nobody else knows":              {saferules.Change{Unknown: "x"}, `{"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-23T12:00:00Z"}`, saferules.Change{At: noon}},
		"nobody has changed it":          {saferules.Change{}, `{"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-23T12:00:00Z"}`, saferules.Change{}},
		"it was deleted, and made anew":  {saferules.Change{}, `{"lastSwitch":"hangzhou","lastSwitchSince":"2026-11-23T11:58:00Z"}`, saferules.Change{At: noon.Add(-2 * time.Minute)}},
	} {
		if diff := cmp.Diff(test.want, recorded(test.last, noon, "hangzhou\n", test.state)); diff != "" {
			t.Errorf("%s: %s", sentence, diff)
		}
	}
}

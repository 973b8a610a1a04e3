package switchkeeper

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// at is a moment of the tests' day.
func at(clock string) time.Time {
	t, err := time.Parse(time.RFC3339, "2026-11-24T"+clock+"Z")
	if err != nil {
		panic(err)
	}
	return t
}

// entry is one of managedFields.
func entry(manager, clock, fields string) metav1.ManagedFieldsEntry {
	when := metav1.NewTime(at(clock))
	return metav1.ManagedFieldsEntry{Manager: manager, Time: &when, FieldsV1: metav1.NewFieldsV1(fields)}
}

func TestTheLastWriterOfAKeyIsFound(t *testing.T) {
	timeless := entry("kubectl-edit", "02:00:00", `{"f:data":{"f:a.io":{}}}`)
	timeless.Time = nil
	for sentence, test := range map[string]struct {
		entries []metav1.ManagedFieldsEntry
		want    map[string]Write
	}{
		"nobody is known": {nil, map[string]Write{}},
		"one has written all": {
			[]metav1.ManagedFieldsEntry{entry("controller", "01:00:00", `{"f:data":{".":{},"f:a.io":{},"f:b.io":{}},"f:metadata":{"f:labels":{}}}`)},
			map[string]Write{"a.io": {"controller", at("01:00:00")}, "b.io": {"controller", at("01:00:00")}},
		},
		"another has written one key since": {
			[]metav1.ManagedFieldsEntry{
				entry("kubectl-patch", "02:00:00", `{"f:data":{"f:a.io":{}}}`),
				entry("controller", "01:00:00", `{"f:data":{".":{},"f:b.io":{}}}`),
			},
			map[string]Write{"a.io": {"kubectl-patch", at("02:00:00")}, "b.io": {"controller", at("01:00:00")}},
		},
		"two own the key, and the later one counts": {
			[]metav1.ManagedFieldsEntry{
				entry("kubectl", "01:00:00", `{"f:data":{"f:a.io":{}}}`), entry("gitops", "03:00:00", `{"f:data":{"f:a.io":{}}}`), entry("kubectl-edit", "02:00:00", `{"f:data":{"f:a.io":{}}}`),
			},
			map[string]Write{"a.io": {"gitops", at("03:00:00")}},
		},
		"what has another form tells nothing": {
			[]metav1.ManagedFieldsEntry{timeless, {Manager: "x"}, entry("y", "01:00:00", `{"f:data":7}`), entry("z", "01:00:00", `{"f:data"`)},
			map[string]Write{},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, writes(test.entries)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzWrites holds that whatever the API server tells, only keys that it names are found.
func FuzzWrites(f *testing.F) {
	f.Add(`{"f:data":{".":{},"f:a.io":{}}}`)
	f.Add(`{"F:DATA":{"f:":null},"f:data":[]}`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, fields string) {
		for key, w := range writes([]metav1.ManagedFieldsEntry{entry("m", "01:00:00", fields)}) {
			if w.Manager != "m" || w.At.IsZero() || key == "." {
				t.Errorf("%q has the writer %+v of %q", fields, w, key)
			}
		}
	})
}

func TestAnAuthorIsNamedWithTheSource(t *testing.T) {
	for want, author := range map[string]Author{
		"by oncall, as its set-by says":      {SetBy: "oncall", Manager: "kubectl-patch"},
		"by the field manager kubectl-patch": {Manager: "kubectl-patch"},
		"nobody knows by whom":               {},
	} {
		if got := author.String(); got != want {
			t.Errorf("%+v is %q, not %q", author, got, want)
		}
	}
}

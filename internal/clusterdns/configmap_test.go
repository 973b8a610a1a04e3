package clusterdns

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/corefile"
)

const (
	zone    = "cross-region.registry.io"
	address = "172.16.0.53"
	before  = ".:53 {\n    forward . /etc/resolv.conf\n}\n"
)

func coredns(data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "coredns", ResourceVersion: "7", Annotations: map[string]string{"a": "b"}},
		Data:       data,
	}
}

func read(t *testing.T, api *fake.Clientset) *corev1.ConfigMap {
	t.Helper()
	found, err := api.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// writes is how often something was written.
func writes(api *fake.Clientset) (n int) {
	for _, action := range api.Actions() {
		if action.GetVerb() != "get" {
			n++
		}
	}
	return n
}

func TestApplyAndRemove(t *testing.T) {
	original := coredns(map[string]string{Key: before, "other": "x"})
	api := fake.NewClientset(original)
	m := ConfigMap{api.CoreV1(), "kube-system", "coredns"}
	want := before + corefile.Stanza([]string{zone}, address)
	for _, first := range []bool{true, false} {
		text, changed, err := m.Apply(t.Context(), []string{zone}, address)
		if err != nil || changed != first || text != want {
			t.Fatalf("changed is %t: %v\n%s", changed, err, text)
		}
	}
	applied := read(t, api)
	if diff := cmp.Diff(map[string]string{Key: want, "other": "x"}, applied.Data); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "b", Backup: before}, applied.Annotations); diff != "" {
		t.Error(diff)
	}
	if _, changed, err := m.Apply(t.Context(), []string{zone}, "172.16.0.54"); err != nil || !changed {
		t.Fatalf("changed is %t: %v", changed, err)
	}
	if got := read(t, api).Annotations[Backup]; got != before {
		t.Errorf("the backup is %q", got)
	}
	for _, first := range []bool{true, false} {
		changed, left, err := m.Remove(t.Context())
		if err != nil || changed != first || len(left) > 0 {
			t.Fatalf("changed is %t, left is %v: %v", changed, left, err)
		}
	}
	removed := read(t, api)
	removed.ManagedFields = nil // who has written what
	if diff := cmp.Diff(original, removed); diff != "" {
		t.Error(diff)
	}
	if n := writes(api); n != 3 {
		t.Errorf("there were %d writes", n)
	}
}

func TestApplyWritesNothingThatCoreDNSWouldNotTake(t *testing.T) {
	for sentence, test := range map[string]struct {
		data    map[string]string
		problem string
	}{
		"a Corefile that is broken":  {map[string]string{Key: ".:53 {\n"}, "key Corefile: the { in line 1 has no }"},
		"a zone that is served":      {map[string]string{Key: zone + " {\n}\n"}, "key Corefile: there is a server block for " + zone + " already"},
		"no Corefile":                {map[string]string{"other": ""}, "it has no key Corefile"},
		"markers that have no order": {map[string]string{Key: "# END registry-failover\n"}, "key Corefile: the END in line 1 has no BEGIN"},
	} {
		t.Run(sentence, func(t *testing.T) {
			api := fake.NewClientset(coredns(test.data))
			_, changed, err := ConfigMap{api.CoreV1(), "kube-system", "coredns"}.Apply(t.Context(), []string{zone}, address)
			if err == nil || !strings.HasPrefix(err.Error(), test.problem) || changed || writes(api) > 0 {
				t.Errorf("changed is %t: %v", changed, err)
			}
		})
	}
	_, _, err := ConfigMap{fake.NewClientset().CoreV1(), "kube-system", "coredns"}.Apply(t.Context(), []string{zone}, address)
	if !apierrors.IsNotFound(err) {
		t.Errorf("without the ConfigMap: %v", err)
	}
}

// Somebody adds a line between our read and our write: the write carries the
// version that was read, is refused, and the next one has that line.
func TestWhatOthersWriteMeanwhileStays(t *testing.T) {
	const others = before + "example.org {\n}\n"
	for sentence, verb := range map[string]func(ConfigMap) error{
		"apply": func(m ConfigMap) error {
			_, _, err := m.Apply(t.Context(), []string{zone}, address)
			return err
		},
		"remove": func(m ConfigMap) error {
			_, _, err := m.Remove(t.Context())
			return err
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			api := fake.NewClientset(coredns(map[string]string{Key: before}))
			m := ConfigMap{api.CoreV1(), "kube-system", "coredns"}
			text := others
			if sentence == "remove" {
				text = others + corefile.Stanza([]string{zone}, "172.16.0.1")
				if _, _, err := m.Apply(t.Context(), []string{zone}, address); err != nil {
					t.Fatal(err)
				}
			}
			var versions []string
			api.PrependReactor("patch", "configmaps", func(action ktesting.Action) (bool, runtime.Object, error) {
				patch := string(action.(ktesting.PatchAction).GetPatch())
				versions = append(versions, patch)
				if len(versions) > 1 {
					return false, nil, nil
				}
				edited := coredns(map[string]string{Key: text})
				edited.ResourceVersion = "8"
				if err := api.Tracker().Update(action.GetResource(), edited, "kube-system"); err != nil {
					return true, nil, err
				}
				return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "coredns", errors.New("modified"))
			})
			if err := verb(m); err != nil {
				t.Fatal(err)
			}
			if len(versions) != 2 || !strings.Contains(versions[0], `"resourceVersion":"7"`) || !strings.Contains(versions[1], `"resourceVersion":"8"`) {
				t.Errorf("the patches are %q", versions)
			}
			want := others
			if sentence == "apply" {
				want += corefile.Stanza([]string{zone}, address)
			}
			if diff := cmp.Diff(want, read(t, api).Data[Key]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRemoveLeavesWhatItCannotUnderstand(t *testing.T) {
	const broken = before + "# BEGIN registry-failover\n"
	stanza := corefile.Stanza([]string{zone}, address)
	original := coredns(map[string]string{Key: broken, "other": stanza + "x"})
	original.Annotations[Backup] = before
	api := fake.NewClientset(original)
	changed, left, err := ConfigMap{api.CoreV1(), "kube-system", "coredns"}.Remove(t.Context())
	if err != nil || !changed || len(left) != 1 || left[Key] == nil {
		t.Fatalf("changed is %t, left is %v: %v", changed, left, err)
	}
	found := read(t, api)
	if diff := cmp.Diff(map[string]string{Key: broken, "other": "x"}, found.Data); diff != "" {
		t.Error(diff)
	}
	if found.Annotations[Backup] != before {
		t.Error("the backup is gone with which the Corefile could be put in order")
	}
}

func TestRemoveTakesTheBackupOfAStanzaThatWasRemovedByHand(t *testing.T) {
	original := coredns(map[string]string{Key: before})
	original.Annotations[Backup] = before
	api := fake.NewClientset(original)
	changed, _, err := ConfigMap{api.CoreV1(), "kube-system", "coredns"}.Remove(t.Context())
	if err != nil || changed {
		t.Errorf("changed is %t: %v", changed, err)
	}
	if _, there := read(t, api).Annotations[Backup]; there {
		t.Error("it is there")
	}
}

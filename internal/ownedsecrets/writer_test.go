package ownedsecrets

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

const password = "hunter2-hunter2"

func owner() *metav1.OwnerReference {
	return &metav1.OwnerReference{APIVersion: "v1", Kind: "Secret", Name: "pull", UID: "uid-of-pull"}
}

func derived(name string) Secret {
	return Secret{
		Namespace: "ns", Name: name, Kind: Derived, Annotations: map[string]string{"of": "pull"}, Notes: map[string]string{"at": "1"}, Owner: owner(),
		Content: pullsecrets.Content("cross-region.registry.io", "ann", password),
	}
}

func newWriter(t *testing.T, api *secretsapi.Server) (*Writer, *prometheus.Registry) {
	t.Helper()
	client, err := corev1client.NewForConfig(api.Config())
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	return New(client, registry), registry
}

// verbs are what the server has been asked since the last call.
func verbs(api *secretsapi.Server) string {
	var all []string
	for _, r := range api.Requests() {
		all = append(all, r.Verb)
	}
	api.Forget()
	return strings.Join(all, " ")
}

func TestPutWritesWhatDiffers(t *testing.T) {
	yes := true
	for sentence, test := range map[string]struct {
		change func(*corev1.Secret)
		want   string
	}{
		"nothing":                    {func(*corev1.Secret) {}, "get"},
		"a label of somebody else":   {func(s *corev1.Secret) { s.Labels["team"] = "a" }, "get"},
		"an annotation that is none": {func(s *corev1.Secret) { s.Annotations["at"] = "0" }, "get"},
		"the content":                {func(s *corev1.Secret) { s.Data[pullsecrets.KeyDockerConfigJSON] = []byte(`{"auths":{}}`) }, "get update"},
		"a further key":              {func(s *corev1.Secret) { s.Data["more"] = []byte("x") }, "get update"},
		"a missing label":            {func(s *corev1.Secret) { delete(s.Labels, partOf) }, "get update"},
		"an annotation":              {func(s *corev1.Secret) { s.Annotations["of"] = "other" }, "get update"},
		"an owner of before":         {func(s *corev1.Secret) { s.OwnerReferences[0].UID = "old" }, "get update"},
		"the content of what can't be changed": {func(s *corev1.Secret) {
			s.Immutable, s.Data[pullsecrets.KeyDockerConfigJSON] = &yes, []byte(`{"auths":{}}`)
		}, "get delete create"},
		"the type": {func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque }, "get delete create"},
	} {
		t.Run(sentence, func(t *testing.T) {
			api := &secretsapi.Server{}
			w, _ := newWriter(t, api)
			first, err := w.Put(t.Context(), derived("companion"))
			if got := verbs(api); err != nil || got != "get create" || !first.Changed {
				t.Fatalf("first %s: %v", got, err)
			}
			made := api.Secret("ns", "companion")
			changed := made.DeepCopy()
			test.change(changed)
			api.Remove("ns", "companion")
			api.Put(changed)
			written, err := w.Put(t.Context(), derived("companion"))
			if err != nil {
				t.Fatal(err)
			}
			if got := verbs(api); got != test.want || written.Changed != (test.want != "get") {
				t.Errorf("it does %s, changed %t", got, written.Changed)
			}
			now := api.Secret("ns", "companion")
			if now.ResourceVersion != written.Version {
				t.Errorf("it is %s and not %s", now.ResourceVersion, written.Version)
			}
			if test.want != "get" {
				made.ObjectMeta.ResourceVersion, made.UID, made.ManagedFields = "", "", nil
				now.ObjectMeta.ResourceVersion, now.UID, now.ManagedFields = "", "", nil
				if diff := cmp.Diff(made, now); diff != "" {
					t.Errorf("it isn't as it was made: %s", diff)
				}
			}
		})
	}
}

func TestNothingIsWrittenOverWhatIsNotOurs(t *testing.T) {
	for sentence, change := range map[string]func(*corev1.Secret){
		"no label":             func(s *corev1.Secret) { delete(s.Labels, Label) },
		"the label of another": func(s *corev1.Secret) { s.Labels[Label] = Minted },
		"no owner":             func(s *corev1.Secret) { s.OwnerReferences = nil },
		"another owner":        func(s *corev1.Secret) { s.OwnerReferences[0].Name = "other" },
	} {
		t.Run(sentence, func(t *testing.T) {
			api := &secretsapi.Server{}
			w, _ := newWriter(t, api)
			foreign := derived("companion").object()
			foreign.Data = map[string][]byte{pullsecrets.KeyDockerConfigJSON: []byte("{}")}
			change(foreign)
			before := api.Put(foreign)
			_, err := w.Put(t.Context(), derived("companion"))
			if !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), "ns/companion") {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(before, api.Secret("ns", "companion")); diff != "" {
				t.Errorf("it was written: %s", diff)
			}
		})
	}
}

func TestASecretWithoutAnOwnerIsOursByItsLabel(t *testing.T) {
	api := &secretsapi.Server{}
	w, _ := newWriter(t, api)
	minted := derived("minted")
	minted.Kind, minted.Owner = Minted, nil
	for _, content := range []string{"first", "second"} {
		minted.Content = pullsecrets.Content("cross-region.registry.io", "cr_temp_user", content)
		if _, err := w.Put(t.Context(), minted); err != nil {
			t.Fatal(err)
		}
		if got := api.Secret("ns", "minted"); !bytes.Equal(got.Data[pullsecrets.KeyDockerConfigJSON], minted.Content) {
			t.Errorf("after %s it has %d bytes", content, len(got.Data[pullsecrets.KeyDockerConfigJSON]))
		}
	}
}

func TestDeleteTakesOnlyWhatWasLookedAt(t *testing.T) {
	api := &secretsapi.Server{}
	w, _ := newWriter(t, api)
	made := api.Put(derived("companion").object())
	if err := w.Delete(t.Context(), "ns", "companion", made.UID, "0"); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("with another version: %v", err)
	}
	if err := w.Delete(t.Context(), "ns", "companion", "another", made.ResourceVersion); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("with another UID: %v", err)
	}
	for range 2 { // the second finds nothing
		if err := w.Delete(t.Context(), "ns", "companion", made.UID, made.ResourceVersion); err != nil {
			t.Error(err)
		}
	}
	if got := api.Secrets(); len(got) > 0 {
		t.Errorf("left are %v", got)
	}
}

// TestTheRateIsLimited: what follows at once may take a while when all is new.
func TestTheRateIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		w, registry := newWriter(t, api)
		begun := time.Now()
		for i := range 120 {
			if _, err := w.Put(t.Context(), derived(fmt.Sprintf("companion-%d", i))); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun).Round(time.Second / 10); took != 10*time.Second {
			t.Errorf("120 writes took %v", took)
		}
		want := `# HELP registry_failover_pull_secret_writes_total Writes of pull secrets to the API server, by verb (create, update or delete) and outcome (ok or failed).
# TYPE registry_failover_pull_secret_writes_total counter
registry_failover_pull_secret_writes_total{outcome="failed",verb="create"} 0
registry_failover_pull_secret_writes_total{outcome="failed",verb="delete"} 0
registry_failover_pull_secret_writes_total{outcome="failed",verb="update"} 0
registry_failover_pull_secret_writes_total{outcome="ok",verb="create"} 120
registry_failover_pull_secret_writes_total{outcome="ok",verb="delete"} 0
registry_failover_pull_secret_writes_total{outcome="ok",verb="update"} 0
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	})
}

func TestNoErrorHasTheContent(t *testing.T) {
	for _, code := range []int{http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusInternalServerError} {
		api := &secretsapi.Server{Refuse: func(r secretsapi.Request) int {
			if r.Verb == "get" {
				return 0
			}
			return code
		}}
		w, _ := newWriter(t, api)
		if _, err := w.Put(t.Context(), derived("companion")); err == nil || leaks(err.Error()) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestASecretPrintsAsItsName(t *testing.T) {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", derived("companion"))
	text := fmt.Sprintf("%v %+v %#v %s %q", derived("a"), derived("b"), derived("c"), derived("d"), derived("e")) + log.String()
	if leaks(text) || !strings.Contains(text, "ns/companion") {
		t.Error(text)
	}
}

// leaks finds the password, plain and as the Secret has it.
func leaks(text string) bool {
	auth, _ := json.Marshal([]byte("ann:" + password))
	return strings.Contains(text, password) || strings.Contains(text, strings.Trim(string(auth), `"`)) ||
		strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(password)))
}

package readiness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
	"github.com/registry-failover/registry-failover/internal/registryread"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/doctable"
)

const shared = "cross-region.registry.io"

// parse gives the example's configuration with something more.
func parse(t testing.TB, more string) *config.Config {
	t.Helper()
	example, err := os.ReadFile("../../testdata/config/example.yaml")
	must(t, err)
	c, err := config.Parse(append(example, []byte("\n"+more+"\n")...))
	must(t, err)
	return c
}

// registry answers as an instance that knows some users, and remembers who came.
type registry struct {
	users map[string]bool
	open  bool // to strangers
	err   error
	asked []string
}

func (r *registry) Head(_ context.Context, c pullsecrets.Credential, _ registrylogin.Image) (string, error) {
	user, _ := c.Login()
	r.asked = append(r.asked, user)
	switch {
	case r.err != nil:
		return "", r.err
	case c.None() && r.open, r.users[user]:
		return "sha256:a", nil
	}
	return "", fmt.Errorf("%w: it says 401 Unauthorized", registrylogin.ErrRefused)
}

// pullSecret has a credential of a user for each host.
func pullSecret(name string, users map[string]string) *corev1.Secret {
	var entries []string
	for host, user := range users {
		entries = append(entries, fmt.Sprintf(`%q:{"username":%q,"password":"x"}`, host, user))
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{".dockerconfigjson": []byte(`{"auths":{` + strings.Join(entries, ",") + `}}`)},
	}
}

func webOf(t testing.TB) Image {
	t.Helper()
	i, ok := parseImage(shared, shared+"/demo/web:1")
	if !ok {
		t.Fatal("it is no image")
	}
	return i
}

func TestWithWhichCredentialsIsAsked(t *testing.T) {
	const (
		everywhere = `pullSecrets: {mode: Derive, namespaces: ["*"], breakGlass: glass}`
		check      = `pullSecrets: {mode: Check, namespaces: ["shop"]}`
	)
	companion := pullsecrets.CompanionName("own", shared, "hangzhou")
	rows := [][]string{{"the pods", "asked is with", "where that is refused"}}
	for _, test := range []struct {
		sentence, settings string
		puller             Puller
		asked              []string
		words              string
		known              bool // a refusal is one of the pods' own credentials
	}{
		{"list a Secret for the shared endpoint", check, Puller{Listed: "shared"}, []string{"sharer"}, "its credential", true},
		{"list two", check, Puller{Listed: "shared\nsecond"}, []string{"sharer", "second"}, "one after the other", true},
		{"list one for an instance's own host, of which a companion was derived", everywhere, Puller{Listed: "own"}, []string{"companion", "breaker"}, "the companion's, then the break-glass Secret's", true},
		{"list one for the shared endpoint before one with a companion", everywhere, Puller{Listed: "shared\nown"}, []string{"companion", "sharer", "breaker"}, "that for this instance first", true},
		{"list one for an instance's own host alone", check, Puller{Listed: "own"}, []string{""}, "none", true},
		{"list a Secret that isn't there", check, Puller{Listed: "gone"}, []string{""}, "none", true},
		{"list a Secret that isn't there, and there is a break-glass Secret", everywhere, Puller{Listed: "gone"}, []string{"breaker"}, "the break-glass Secret's", true},
		{"list none, but their template's ServiceAccount does", check, Puller{Account: "worker"}, []string{"sharer"}, "its credential", true},
		{"list none", check, Puller{}, []string{""}, "none", false},
		{"list a Secret that may not be read", check, Puller{Listed: "forbidden"}, []string{""}, "none", false},
		{"are in a namespace that pullSecrets.namespaces doesn't have", check, Puller{Namespace: "pay", Listed: "shared"}, []string{""}, "none", false},
		{"are anywhere, with pullSecrets.mode Off", "", Puller{Listed: "shared"}, []string{""}, "none", false},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			cluster := fake.NewClientset(
				pullSecret("shared", map[string]string{shared: "sharer"}), pullSecret("second", map[string]string{shared: "second"}),
				pullSecret("own", map[string]string{"a-registry.cn-hangzhou.cr.aliyuncs.com": "owner"}),
				pullSecret(companion, map[string]string{shared: "companion"}), pullSecret("glass", map[string]string{shared: "breaker"}),
				&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "worker"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "shared"}}},
			)
			cluster.PrependReactor("get", "secrets", func(a clienttesting.Action) (bool, runtime.Object, error) {
				if name := a.(clienttesting.GetAction).GetName(); name == "forbidden" {
					return true, nil, apierrors.NewForbidden(corev1.Resource("secrets"), name, errors.New("no"))
				}
				if test.settings == "" || a.GetNamespace() != "shop" {
					t.Errorf("a Secret of %s is read", a.GetNamespace())
				}
				return false, nil, nil
			})
			k := newKeys(cluster.CoreV1())
			k.configure(parse(t, test.settings))
			if test.puller.Namespace == "" {
				test.puller.Namespace = "shop"
			}
			r := &registry{}
			a := ask(t.Context(), r, k, &Question{Image: webOf(t), Pullers: []*Puller{&test.puller}}, "hangzhou")
			if diff := cmp.Diff(test.asked, r.asked); diff != "" {
				t.Error(diff)
			}
			want := map[bool]outcome{true: refused, false: untried}[test.known]
			if a.err != nil || len(a.outcomes) != 1 || a.outcomes[0] != want || a.reason == "" {
				t.Errorf("got %+v", a)
			}
		})
		means := "the pods are blocked"
		if !test.known {
			means = "it isn't known whether they are: `untried`"
		}
		rows = append(rows, []string{test.sentence, test.words, means})
	}
	doctable.Check(t, page, "credentials", rows, *update)
}

func TestTheFirstCredentialThatDoesIsEnough(t *testing.T) {
	k := newKeys(fake.NewClientset(pullSecret("a", map[string]string{shared: "wrong"}), pullSecret("b", map[string]string{shared: "right"})).CoreV1())
	k.configure(parse(t, `pullSecrets: {mode: Check, namespaces: ["shop"]}`))
	r := &registry{users: map[string]bool{"right": true}}
	q := &Question{Image: webOf(t), Pullers: []*Puller{
		{Namespace: "shop", Listed: "a\nb"}, {Namespace: "shop", Listed: "b"}, {Namespace: "shop", Listed: "a"}, {Namespace: "shop", Listed: "gone\nb"},
	}}
	a := ask(t.Context(), r, k, q, "hangzhou")
	if diff := cmp.Diff([]outcome{found, found, refused, found}, a.outcomes); diff != "" || a.digest != "sha256:a" || a.err != nil {
		t.Errorf("got %+v %s", a, diff)
	}
	if diff := cmp.Diff([]string{"wrong", "right", "right", "wrong"}, r.asked); diff != "" {
		t.Errorf("the same credentials were tried again: %s", diff)
	}
}

func TestAnswersThatEndAQuestion(t *testing.T) {
	k := newKeys(fake.NewClientset(pullSecret("a", map[string]string{shared: "one"}), pullSecret("b", map[string]string{shared: "two"})).CoreV1())
	k.configure(parse(t, `pullSecrets: {mode: Check, namespaces: ["shop"]}`))
	q := &Question{Image: webOf(t), Pullers: []*Puller{{Namespace: "shop", Listed: "a\nb"}}}
	r := &registry{err: registryread.ErrMissing}
	if a := ask(t.Context(), r, k, q, "hangzhou"); a.err != nil || a.outcomes[0] != missing || len(r.asked) != 1 {
		t.Errorf("missing: %+v after %v", a, r.asked)
	}
	r = &registry{err: errors.New("it says 502 Bad Gateway")}
	if a := ask(t.Context(), r, k, q, "hangzhou"); a.err == nil || len(a.outcomes) != 0 || len(r.asked) != 1 {
		t.Errorf("an error: %+v after %v", a, r.asked)
	}
}

// TestAnAPIServerThatFailsSaysNothingOfTheInstance, and what is known stays.
func TestAnAPIServerThatFailsSaysNothingOfTheInstance(t *testing.T) {
	cluster := fake.NewClientset()
	cluster.PrependReactor("get", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewInternalError(errors.New("etcd is away"))
	})
	k := newKeys(cluster.CoreV1())
	k.configure(parse(t, `pullSecrets: {mode: Check, namespaces: ["shop"]}`))
	r := &registry{}
	a := ask(t.Context(), r, k, &Question{Image: webOf(t), Pullers: []*Puller{{Namespace: "shop", Listed: "a"}}}, "hangzhou")
	if _, is := a.err.(elsewhereError); !is || len(r.asked) != 0 { //nolint:errorlint // as Keeper has it
		t.Errorf("got %+v, and %v were asked", a, r.asked)
	}
}

// TestSecretsAreReadOnce within 10 minutes, however many images their pods have.
func TestSecretsAreReadOnce(t *testing.T) {
	cluster := fake.NewClientset(pullSecret("a", map[string]string{shared: "one"}))
	k := newKeys(cluster.CoreV1())
	k.configure(parse(t, `pullSecrets: {mode: Check, namespaces: ["shop"]}`))
	for range 5 {
		r, err := k.ring(t.Context(), &Puller{Namespace: "shop", Listed: "a"}, webOf(t), "hangzhou")
		if err != nil || len(r.credentials) != 1 {
			t.Errorf("%v: %+v", err, r)
		}
	}
	if n := len(cluster.Actions()); n != 1 {
		t.Errorf("it was read %d times", n)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

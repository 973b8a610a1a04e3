package switching

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/registry-failover/registry-failover/test/secretsapi"
)

const other = "other.registry.io"

// serve has a switch of two endpoints; before is called before each patch.
func serve(t *testing.T, before func(s *secretsapi.Server, patches int) int) (*secretsapi.Server, *Cluster) {
	t.Helper()
	s := &secretsapi.Server{}
	s.PutConfigMap("registry-failover", "registry-failover", map[string]string{shared: "privatezone", other: "privatezone"})
	patches := 0
	s.Refuse = func(r secretsapi.Request) int {
		if r.Verb == "patch" && before != nil {
			patches++
			return before(s, patches)
		}
		return 0
	}
	core, err := corev1client.NewForConfig(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	return s, &Cluster{Namespace: "registry-failover", Core: core}
}

func TestAThrowChangesOneKey(t *testing.T) {
	s, c := serve(t, nil)
	if err := c.Throw(t.Context(), shared, "privatezone", "to: hangzhou\nreason: storm"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{shared: "to: hangzhou\nreason: storm", other: "privatezone"}
	if diff := cmp.Diff(want, s.ConfigMap("registry-failover", "registry-failover")); diff != "" {
		t.Error(diff)
	}
	if requests := s.Requests(); requests[len(requests)-1].Manager != FieldManager {
		t.Errorf("%+v", requests)
	}
}

func TestADecisionOfSomebodyElseStays(t *testing.T) {
	for sentence, before := range map[string]func(s *secretsapi.Server, patches int) int{
		"that is there before it is read": nil,
		"that comes between reading and writing": func(s *secretsapi.Server, _ int) int {
			s.PutConfigMap("registry-failover", "registry-failover", map[string]string{shared: "zhangjiakou", other: "privatezone"})
			return 0
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			s, c := serve(t, before)
			if before == nil {
				s.PutConfigMap("registry-failover", "registry-failover", map[string]string{shared: "zhangjiakou", other: "privatezone"})
			}
			err := c.Throw(t.Context(), shared, "privatezone", "hangzhou")
			if !errors.Is(err, ErrMeanwhile) || !strings.Contains(err.Error(), `it says "zhangjiakou"`) {
				t.Errorf("%v", err)
			}
			if got := s.ConfigMap("registry-failover", "registry-failover")[shared]; got != "zhangjiakou" {
				t.Errorf("it says %s", got)
			}
		})
	}
}

func TestAnotherEndpointsChangeHoldsNothingUp(t *testing.T) {
	s, c := serve(t, func(s *secretsapi.Server, patches int) int {
		if patches == 1 {
			s.PutConfigMap("registry-failover", "registry-failover", map[string]string{shared: "privatezone", other: "hangzhou"})
		}
		return 0
	})
	if err := c.Throw(t.Context(), shared, "privatezone", "hangzhou"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{shared: "hangzhou", other: "hangzhou"}, s.ConfigMap("registry-failover", "registry-failover")); diff != "" {
		t.Error(diff)
	}
}

func TestWhyTheSwitchCantBeThrown(t *testing.T) {
	for sentence, test := range map[string]struct {
		status int
		want   string
	}{
		"a right is missing":     {http.StatusForbidden, "you may not throw the switch, which the Role registry-failover-operator allows: "},
		"it is changed for ever": {http.StatusConflict, "it was changed 5 times in a row: try again"},
		"the policy refuses it":  {http.StatusUnprocessableEntity, "the switch can't be written: "},
	} {
		_, c := serve(t, func(*secretsapi.Server, int) int { return test.status })
		if err := c.Throw(t.Context(), shared, "privatezone", "hangzhou"); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", sentence, err)
		}
	}
	s := &secretsapi.Server{}
	core, err := corev1client.NewForConfig(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{Namespace: "registry-failover", Core: core}
	if err := c.Throw(t.Context(), shared, "privatezone", "hangzhou"); err == nil || !strings.Contains(err.Error(), "the switch isn't there: the controller makes it anew") {
		t.Errorf("%v", err)
	}
}

package switching

import (
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// gathered is what is known where the ConfigMaps say this; a caller lacks the right to what
// is denied, as verb and resource.
func gathered(t *testing.T, data map[string]string, denied ...string) (Gathered, error) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	client := fake.NewClientset()
	for name, value := range data {
		object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "registry-failover", Name: name}, Data: map[string]string{shared: value}}
		if err := client.Tracker().Add(object); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range nodes {
		n, l, p := aNode(name, true), applied(t, name, "hangzhou"), aProber(name, "-", time.Now(), healthreport.Slow)
		l.Namespace, p.Namespace = "registry-failover", "registry-failover"
		for _, object := range []runtime.Object{&n, &l, &p} {
			if err := client.Tracker().Add(object); err != nil {
				t.Fatal(err)
			}
		}
	}
	client.PrependReactor("*", "*", func(a ktesting.Action) (bool, runtime.Object, error) {
		name := ""
		if get, ok := a.(ktesting.GetAction); ok {
			name = " " + get.GetName()
		}
		for _, d := range denied {
			if d == a.GetVerb()+" "+a.GetResource().Resource+name {
				return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: a.GetResource().Resource}, "", nil)
			}
		}
		return false, nil, nil
	})
	c := &Cluster{Namespace: "registry-failover", Core: client.CoreV1(), Leases: client.CoordinationV1(), Reviews: client.AuthenticationV1()}
	return Gather(t.Context(), c, cfg, cfg.Endpoints[0], "")
}

const (
	theSwitch = "registry-failover"
	theState  = "registry-failover-state"
	theStatus = "registry-failover-status"
)

func TestWhatIsInForce(t *testing.T) {
	for sentence, test := range map[string]struct {
		data                    map[string]string
		inForce, before, wanted string
	}{
		"what stands there": {map[string]string{theSwitch: "hangzhou\n"}, "hangzhou/internal", "hangzhou\n", ""},
		"what was accepted last, where that isn't valid": {
			map[string]string{theSwitch: "hangzou", theState: `{"version":1,"lastSwitch":"hangzhou/public"}`}, "hangzhou/public", "hangzhou/public", "unknown target",
		},
		"PrivateZone, where nothing is": {map[string]string{theSwitch: "hangzou", theState: `{"version":1,"lastSwitch":"gone"}`}, "privatezone", "privatezone", "unknown target"},
	} {
		g, err := gathered(t, test.data)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Facts.Standing.To.String(); got != test.inForce || g.Before() != test.before || (g.Problem == "") != (test.wanted == "") || !strings.Contains(g.Problem, test.wanted) {
			t.Errorf("%s: %s, %q, %s", sentence, got, g.Before(), g.Problem)
		}
	}
}

func TestWhatCantBeReadIsNotKnown(t *testing.T) {
	all := map[string]string{theSwitch: "hangzhou", theState: `{"version":1}`, theStatus: `{"version":1}`}
	g, err := gathered(t, all, "get configmaps "+theState, "get configmaps "+theStatus, "list leases")
	if err != nil {
		t.Fatal(err)
	}
	f := g.Facts
	for what, test := range map[string][2]string{
		"the state":      {f.LearntUnknown, "you may not read the ConfigMap registry-failover-state: "},
		"the status":     {f.Told.Unknown, "you may not read the ConfigMap registry-failover-status: "},
		"the health":     {f.HealthUnknown, "what the probers find isn't known: the probers' reports can't be listed: "},
		"who wrote last": {f.Changed.Unknown, "the API server doesn't tell"},
		"credentials":    {f.Credentials.Skipped, "pullSecrets.mode is Off"},
	} {
		if !strings.HasPrefix(test[0], test[1]) {
			t.Errorf("%s: %q", what, test[0])
		}
	}
	if _, err := gathered(t, all, "get configmaps "+theSwitch); !apierrors.IsForbidden(err) {
		t.Errorf("%v", err)
	}
	if g, err = gathered(t, map[string]string{theSwitch: "hangzhou", theState: "{"}); err != nil || !strings.Contains(g.Facts.LearntUnknown, "can't be used") {
		t.Errorf("%v %q", err, g.Facts.LearntUnknown)
	}
}

func TestHealthIsTheControllersWhileThatIsFresh(t *testing.T) {
	told := func(at time.Time) string {
		return `{"health":{"at":"` + at.UTC().Format(time.RFC3339) + `","wanted":3,"instances":[{"instance":"hangzhou","network":"internal","level":"healthy"}]}}`
	}
	for at, want := range map[time.Duration]healthreport.Level{0: healthreport.Healthy, -time.Hour: healthreport.Slow} {
		// Without nodes, and without the right to list them, probers report all the same.
		g, err := gathered(t, map[string]string{theSwitch: "hangzhou", theStatus: told(time.Now().Add(at))}, "list nodes")
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Facts.Health[0]; got.Level != want || got.Instance != "hangzhou" || got.Network != string(zone.Internal) {
			t.Errorf("told %s ago: %+v", -at, got)
		}
	}
}

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// TestAutomatic lets automatic mode throw the switch, on three nodes, while the cloud's
// API is dark.
func TestAutomatic(t *testing.T) {
	haveNodes(t, 3)
	s := newScenario(t, 4)
	defer node.Hangzhou.Intercept(nil)
	defer node.Zhangjiakou.Intercept(nil)
	node.Hangzhou.Intercept(well(node.Hangzhou))
	node.Zhangjiakou.Intercept(well(node.Zhangjiakou))
	a := &automatic{restore: func() {}}
	a.cloud, a.url = serveCloud(t)
	a.cloud.SetData(cloudData(t))
	defer func() { a.restore() }()
	s.play(t, "helm install with automatic mode", a.install)
	s.play(t, "the cloud's API alone is dark, for a new leader too: nothing moves", a.darken)
	s.play(t, "packets to the primary are dropped: new pods run from the standby on each node", a.fail)
	s.play(t, "a person's until is extended while PrivateZone leads to what is ill", a.extend)
	s.play(t, "and ends in a return when that is well again", a.end)
	s.play(t, "the figures", a.measure)
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		deletePod(t, shop, runs)
		kubectl(t, "-n", namespace, "delete", "secret/cloud", "configmap/cloud-authority")
		s.awaitNothingLeft(t)
	})
}

// runs is a pod whose image the standby must have: failover.readyShare is the default.
const runs = "runs"

// automatic is what the steps of TestAutomatic share.
type automatic struct {
	cloud   *cloud.Cloud
	url     string
	restore func() // lets packets through
}

func (a *automatic) install(s *scenario, t *testing.T) {
	newPinnedPod(t, runs, sharedImage, node.Nodes[0].Name)
	kubectl(t, "-n", namespace, "create", "secret", "generic", "cloud", "--from-literal=access-key-id=LTAI-demo", "--from-literal=access-key-secret=demo-secret")
	s.runHelm(t, "install",
		"--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1", "--set", fastProbing.values(),
		"--set", "config.privateZone.source=API,config.credentials.provider=AccessKey,config.credentials.secretName=cloud")
	leadToCloud(t, a.url)
	awaitSwitch(t, "privatezone")
	awaitProbers(t, len(node.Nodes))
	awaitFinding(t, allHealthy)
}

// darken begins what lasts until the end of the failover: no call to the cloud is answered.
func (a *automatic) darken(_ *scenario, t *testing.T) {
	awaitMayMove(t, fastProbing)
	a.cloud.Inject(cloud.Fault{Drop: true})
	begin, asked := time.Now(), len(a.cloud.Calls())
	kubectl(t, "-n", namespace, "rollout", "restart", "deployment/registry-failover-controller")
	kubectl(t, "-n", namespace, "rollout", "status", "deployment/registry-failover-controller", "--timeout", "1m")
	await(t, "the new leader has asked the cloud", time.Minute, func(context.Context) error {
		if n := len(a.cloud.Calls()) - asked; n < 3 {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
	holds(t, "the switch follows PrivateZone", max(0, 15*time.Second-time.Since(begin)), func(ctx context.Context) error {
		value, err := switchSays(ctx)
		if err == nil && value != "privatezone" {
			err = fmt.Errorf("it says %q", value)
		}
		return err
	})
	s, err := remembered(t.Context())
	if err != nil || len(s.Moves) > 0 {
		t.Errorf("it remembers %+v: %v", s, err)
	}
}

func (a *automatic) fail(_ *scenario, t *testing.T) {
	awaitMayMove(t, fastProbing)
	var took takeover
	took, a.restore = playTakeover(t, "taken-over")
	t.Log(took)
	if worst := slices.Max(took.running); worst > 2*fastProbing.goal { // several clusters share the processors
		t.Errorf("%.1f s, and the goal is %s on a machine of its own", worst.Seconds(), fastProbing.goal)
	}
	value, err := switchSays(t.Context())
	for _, want := range []string{"to: hangzhou/internal\n", "reason: zhangjiakou/internal is failing for ", "set-by: registry-failover, automatically"} {
		if err != nil || !strings.Contains(value, want) {
			t.Errorf("%v: the switch lacks %q:\n%s", err, want, value)
		}
	}
	if s, err := remembered(t.Context()); err != nil || len(s.Moves) != 1 || s.Own != value {
		t.Errorf("it remembers %+v: %v", s, err)
	}
	awaitSwitchEvent(t, "SwitchedAutomatically", "to hangzhou/internal: zhangjiakou/internal is failing for ")
	a.cloud.Heal()
}

func (a *automatic) extend(_ *scenario, t *testing.T) {
	throw(t, "to: hangzhou\nset-by: oncall\nuntil: "+soon())
	await(t, "its time is extended", 30*time.Second, func(ctx context.Context) error {
		value, err := switchSays(ctx)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(value, "to: hangzhou\nset-by: oncall\nuntil: ") {
			t.Fatalf("the switch says\n%s", value)
		}
		return extended(value)
	})
	awaitSwitchEvent(t, "UntilExtended", "its time is over, and is extended by 10m0s: ")
}

// end lets the primary recover. What PrivateZone gives is read each half minute, and nobody
// returns to what isn't known: then a person asks again.
func (a *automatic) end(_ *scenario, t *testing.T) {
	a.restore()
	a.restore = func() {}
	awaitFinding(t, allHealthy)
	const returned = "to: privatezone\nreason: its time at hangzhou/internal, until "
	value := ""
	for begin := time.Now(); !strings.HasPrefix(value, returned); {
		if time.Since(begin) > 2*time.Minute {
			t.Fatalf("the switch hasn't returned:\n%s", value)
		}
		throw(t, "to: hangzhou\nset-by: oncall\nuntil: "+soon())
		await(t, "the time is over", 30*time.Second, func(ctx context.Context) (err error) {
			if value, err = switchSays(ctx); err == nil && !strings.HasPrefix(value, returned) {
				err = extended(value)
			}
			return err
		})
	}
	awaitHosts(t, "")
	awaitSwitchEvent(t, "UntilEnded", "to privatezone: its time at hangzhou/internal, until ")
}

// soon is a time of the switch that is over in a moment.
func soon() string { return time.Now().Add(3 * time.Second).UTC().Format(time.RFC3339) }

// extended is nil when a value's until is minutes away.
func extended(value string) error {
	_, text, _ := strings.Cut(value, "\nuntil: ")
	until, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err == nil && time.Until(until) < time.Minute {
		err = fmt.Errorf("it is until %s", text)
	}
	return err
}

// switchSays is the value of the switch.
func switchSays(ctx context.Context) (string, error) {
	m, err := node.Client.CoreV1().ConfigMaps(namespace).Get(ctx, "registry-failover", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	return m.Data[cluster.Endpoint], nil
}

// awaitSwitchEvent waits for an Event about the switch.
func awaitSwitchEvent(t *testing.T, reason, note string) {
	t.Helper()
	await(t, "an Event tells "+reason, 10*time.Second, func(ctx context.Context) error {
		list, err := node.Client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=registry-failover,reason=" + reason})
		if err != nil {
			return err
		}
		for _, e := range list.Items {
			if strings.HasPrefix(e.Message, cluster.Endpoint+": "+note) {
				return nil
			}
		}
		return fmt.Errorf("there are %d with other words", len(list.Items))
	})
}

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/cli"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestWaves fails over and back on three nodes as on-call staff does: by the plugin, with
// the rights of the chart's operators alone.
func TestWaves(t *testing.T) {
	haveNodes(t, 3)
	s := newScenario(t, 4)
	defer node.Hangzhou.Intercept(nil)
	defer node.Zhangjiakou.Intercept(nil)
	node.Hangzhou.Intercept(well(node.Hangzhou))
	node.Zhangjiakou.Intercept(well(node.Zhangjiakou))
	s.play(t, "helm install: all instances are healthy", func(s *scenario, t *testing.T) {
		s.runHelm(t, "install", "--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1",
			"--set", "config.health.interval=1s,config.health.timeout=1s,config.health.slow=2s,config.health.failures=2,config.health.successes=2",
			"--set", "operator.subjects[0].kind=User,operator.subjects[0].name=oncall,operator.subjects[0].apiGroup=rbac.authorization.k8s.io")
		awaitSwitch(t, "privatezone")
		awaitProbers(t, len(node.Nodes))
		awaitFinding(t, allHealthy)
	})
	for _, step := range []struct {
		name string
		play func(*scenario, *testing.T)
	}{
		{"a dry run writes nothing", (*scenario).tryFailover},
		{"a failover in waves moves one node, two, and all", (*scenario).failOverInWaves},
		{"back within the dwell time by a person's word alone, which is noted", (*scenario).failBackAtOnce},
		{"the command that undoes puts back what was there", (*scenario).undo},
		{"a wave that isn't proven is the last", (*scenario).stopAtWave},
	} {
		s.play(t, step.name, step.play)
	}
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		s.awaitNothingLeft(t)
	})
}

// unjudged are the rules that nobody can judge on this cluster.
const unjudged = "target-ready,images-on-primary"

// thrownBy is what the plugin tells of a failover or failback.
type thrownBy struct {
	Problem, Undo string
	Rules         []struct{ Rule, Outcome, Why string }
	Steps         []struct {
		Share   int
		Written bool
		Proof   *struct {
			Proven                                  bool
			Nodes, Switched, Moved, Probers, Served int
			Seconds                                 float64
		}
	}
}

// onCall runs a verb with the rights of an operator.
func onCall(t *testing.T, code int, args ...string) thrownBy {
	t.Helper()
	var out, problems bytes.Buffer
	args = append(args, "-o", "json", "--kubeconfig", node.Kubeconfig(), "--as", "oncall")
	if got := cli.Run(t.Context(), args, nil, &out, &problems); got != code {
		t.Fatalf("%s ends with %d: %s%s", strings.Join(args, " "), got, out.String(), problems.String())
	}
	var told thrownBy
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	return told
}

func (s *scenario) tryFailover(t *testing.T) {
	told := onCall(t, 0, "failover", "--to", "hangzhou", "--waves", "10,50,100", "--override", unjudged, "--dry-run")
	if told.Undo != "" || len(told.Steps) != 3 {
		t.Errorf("%+v", told)
	}
	awaitSwitch(t, "privatezone")
}

func (s *scenario) failOverInWaves(t *testing.T) {
	told := onCall(t, 0, "failover", "--to", "hangzhou", "--waves", "10,50,100", "--wave-pause", "2s", "--override", unjudged, "--reason", "a drill's end")
	var moved []int
	for _, step := range told.Steps {
		p := step.Proof
		if p == nil || !p.Proven || p.Nodes != 3 || p.Switched != 3 || p.Probers != p.Moved || p.Served != p.Moved {
			t.Fatalf("%+v: %+v", step, p)
		}
		moved = append(moved, p.Moved)
		t.Logf("%d %%: %d nodes moved, proven after %.1f s", step.Share, p.Moved, p.Seconds)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, moved); diff != "" {
		t.Errorf("the nodes that each wave moved: %s", diff)
	}
	awaitHosts(t, node.Hangzhou.Internal.String())
	if value := switchValue(t); !strings.HasPrefix(value, "to: hangzhou\nreason: a drill's end") || !strings.HasSuffix(value, "\nset-by: oncall") {
		t.Errorf("the switch says %q", value)
	}
}

func (s *scenario) failBackAtOnce(t *testing.T) {
	told := onCall(t, 1, "failback", "--override", unjudged)
	if told.Problem != "nothing was written: dwell" {
		t.Errorf("%+v", told)
	}
	told = onCall(t, 0, "failback", "--override", unjudged+",dwell")
	p := told.Steps[0].Proof
	if p.Switched != 3 || p.Served != 3 {
		t.Errorf("%+v", p)
	}
	t.Logf("back, proven after %.1f s", p.Seconds)
	awaitHosts(t, "")
	if value := switchValue(t); !strings.HasPrefix(value, "to: privatezone\nreason: overrides ") || !strings.Contains(value, "dwell") {
		t.Errorf("the switch says %q", value)
	}
}

func (s *scenario) undo(t *testing.T) {
	before := switchValue(t)
	told := onCall(t, 0, "failover", "--to", "hangzhou/public", "--override", unjudged+",dwell")
	awaitHosts(t, node.Hangzhou.Public.String())
	runUndo(t, told.Undo)
	if after := switchValue(t); after != before {
		t.Errorf("the switch says %q, and before %q", after, before)
	}
	awaitHosts(t, "")
}

// stopAtWave has somebody else answer in hangzhou's place.
func (s *scenario) stopAtWave(t *testing.T) {
	before := switchValue(t)
	node.Hangzhou.Intercept(challenge("cri-bbbbb", node.Hangzhou.PublicEndpoint, 0))
	awaitFinding(t, finding{primary: bothHealthy, standby: "wrong-identity, wrong-identity", reasons: []string{"answers as cri-bbbbb, which is zhangjiakou"}})
	told := onCall(t, 1, "failover", "--to", "hangzhou", "--override", unjudged+",dwell")
	if told.Problem != "nothing was written: target-healthy" {
		t.Errorf("%+v", told)
	}
	told = onCall(t, 1, "failover", "--to", "hangzhou", "--waves", "10,100", "--wave-pause", "0s", "--timeout", "10s", "--override", unjudged+",dwell,target-healthy")
	if len(told.Steps) != 2 || !told.Steps[0].Written || told.Steps[0].Proof.Proven || told.Steps[1].Written {
		t.Errorf("%+v", told)
	}
	t.Log(told.Problem)
	if value := switchValue(t); !strings.Contains(value, "\nshare: 10\n") {
		t.Errorf("the switch says %q", value)
	}
	runUndo(t, told.Undo)
	if after := switchValue(t); after != before {
		t.Errorf("the switch says %q, and before %q", after, before)
	}
	node.Hangzhou.Intercept(well(node.Hangzhou))
	awaitHosts(t, "")
}

// runUndo gives the command to a shell, as a person does.
func runUndo(t *testing.T, command string) {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-c", command)
	shell.Env = append(os.Environ(), "PATH="+filepath.Dir(node.Tool("kubernetes", "kubectl"))+":"+os.Getenv("PATH"))
	begin := time.Now()
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", command, err, output)
	}
	t.Logf("%s, in %.1f s", strings.TrimSpace(string(output)), time.Since(begin).Seconds())
}

func switchValue(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", namespace, "get", "configmap", "registry-failover", "-o", `jsonpath={.data.`+strings.ReplaceAll(cluster.Endpoint, ".", `\.`)+`}`)
}

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/cli"
	"github.com/registry-failover/registry-failover/internal/drill"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestDrill plays drills on three nodes as on-call staff does: by the plugin, with the rights
// of the chart's operators, and those to pods of one namespace.
func TestDrill(t *testing.T) {
	haveNodes(t, 3)
	s := newScenario(t, 4)
	defer node.Hangzhou.Intercept(nil)
	defer node.Zhangjiakou.Intercept(nil)
	node.Hangzhou.Intercept(issuing(node.Hangzhou))
	node.Zhangjiakou.Intercept(issuing(node.Zhangjiakou))
	s.play(t, "helm install beside a pod that runs", func(s *scenario, t *testing.T) {
		newPod(t, "drilled", sourceImage) // before the controller looks at what runs
		awaitRunning(t, shop, "drilled")
		s.runHelm(t, "install", "--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1",
			"--set", "config.health.interval=1s,config.health.timeout=1s,config.health.slow=2s,config.health.failures=2,config.health.successes=2",
			"--set", "operator.subjects[0].kind=User,operator.subjects[0].name=oncall,operator.subjects[0].apiGroup=rbac.authorization.k8s.io")
		awaitSwitch(t, "privatezone")
		trustInstances(t)
		awaitProbers(t, len(node.Nodes))
		awaitFinding(t, allHealthy)
		kubectl(t, "-n", shop, "create", "role", "drill", "--verb=get,list,create,delete", "--resource=pods")
		kubectl(t, "-n", shop, "create", "rolebinding", "drill", "--role=drill", "--user=oncall")
	})
	for _, step := range []struct {
		name string
		play func(*scenario, *testing.T)
	}{
		{"nothing is moved, and the standby proven", (*scenario).drillWithoutNodes},
		{"the metric and status tell of it", (*scenario).showDrill},
		{"one node is led there, pulls, and is led back", (*scenario).drillWithANode},
		{"a standby that answers as another is found", (*scenario).drillTheWrongOne},
		{"a drill that is killed is ended by the controller", (*scenario).killDrill},
	} {
		s.play(t, step.name, step.play)
	}
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		deletePod(t, shop, "drilled")
		kubectl(t, "-n", shop, "delete", "role/drill", "rolebinding/drill")
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		kubectl(t, "-n", namespace, "delete", "configmap/instances-authority")
		s.awaitNothingLeft(t)
	})
}

// issuing answers as the instance itself does, and gives everybody a token.
func issuing(i *cluster.Instance) func(http.ResponseWriter, *http.Request) bool {
	otherwise := well(i)
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != tokenPath {
			return otherwise(w, r)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"token":"everybodys"}`)
		return true
	}
}

// drilled is what the plugin tells of a drill.
type drilled struct {
	drill.Report
	Recorded       bool
	Problem, Value string
}

// outcomes are those of the parts, by name.
func (d drilled) outcomes() map[drill.PartName]drill.Outcome {
	all := map[drill.PartName]drill.Outcome{}
	for _, p := range d.Parts {
		all[p.Part] = p.Outcome
	}
	return all
}

// playDrill plays one with the rights of an operator, and logs what it tells.
func playDrill(t *testing.T, code int, args ...string) drilled {
	t.Helper()
	var out, problems bytes.Buffer
	args = append([]string{"drill", "--to", "hangzhou", "-o", "json", "--kubeconfig", node.Kubeconfig(), "--as", "oncall"}, args...)
	if got := cli.Run(t.Context(), args, nil, &out, &problems); got != code {
		t.Fatalf("%s ends with %d: %s%s", strings.Join(args, " "), got, out.String(), problems.String())
	}
	var told drilled
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	for _, p := range told.Parts {
		t.Logf("%s %s: %s %q", p.Outcome, p.Part, p.Text, p.Details)
	}
	for _, r := range told.Recovery {
		t.Logf("%s: %.1f s by %s", r.Stage, r.Seconds, r.Source)
	}
	t.Logf("a drill of %.1f s, and %.1f s to recover", told.Seconds, drill.Total(told.Recovery))
	return told
}

func (s *scenario) drillWithoutNodes(t *testing.T) {
	told := playDrill(t, 0)
	if o := told.outcomes(); !told.Succeeded || !told.Recorded || o[drill.Identity] != drill.Passed || o[drill.Images] != drill.Passed || len(o) != 2 {
		t.Errorf("%+v", told)
	}
	awaitHosts(t, "")
}

func (s *scenario) showDrill(t *testing.T) {
	want := regexp.MustCompile(`(?m)^registry_failover_drill_last_success_timestamp_seconds\{endpoint="` + regexp.QuoteMeta(cluster.Endpoint) + `",instance="hangzhou"\} 1\.\d+e\+09$`)
	address := net.JoinHostPort(podsOf(t, "controller")[0].Status.PodIP, "8082")
	await(t, "the metric tells of it", 10*time.Second, func(ctx context.Context) error {
		page, err := get(ctx, "http://"+address+"/metrics")
		if err == nil && (!want.MatchString(page) || !strings.Contains(page, `instance="zhangjiakou"} 0`)) {
			err = fmt.Errorf("the controller's metrics lack %s", want)
		}
		return err
	})
	if status := kubectl(t, "registry-failover", "status"); !strings.Contains(status, "  √ drill of hangzhou: succeeded ") || !strings.Contains(status, ", by oncall\n") {
		t.Errorf("status tells nothing of it:\n%s", status)
	}
}

// drillWithANode looks at the nodes' hosts files meanwhile.
func (s *scenario) drillWithANode(t *testing.T) {
	moved, others := node.Nodes[1], []*cluster.Node{node.Nodes[0], node.Nodes[2]}
	standby := node.Hangzhou.Internal.String()
	seen := make(chan error, 1)
	go func() {
		for begin := time.Now(); time.Since(begin) < time.Minute && t.Context().Err() == nil; time.Sleep(20 * time.Millisecond) {
			if hostsLeadOn(moved, standby) != nil {
				continue
			}
			for _, n := range others {
				if err := hostsLeadOn(n, ""); err != nil {
					seen <- err
					return
				}
			}
			break
		}
		seen <- hostsLeadOn(moved, standby)
	}()
	told := playDrill(t, 0, "--nodes", moved.Name, "--pod-namespace", shop, "--for", "5m")
	if err := <-seen; err != nil {
		t.Errorf("while the node was led there: %v", err)
	}
	o := told.outcomes()
	for _, part := range []drill.PartName{drill.Identity, drill.Images, drill.Switch, drill.Serving, drill.Pull} {
		if o[part] != drill.Passed {
			t.Errorf("%s has %s", part, o[part])
		}
	}
	if value := switchValue(t); value != "privatezone" || !strings.Contains(told.Value, "\nnodes: "+moved.Name+"\n") {
		t.Errorf("the switch says %q, and said %q", value, told.Value)
	}
	awaitHosts(t, "")
	if pods := kubectl(t, "-n", shop, "get", "pods", "-l", "registry-failover.io/drill", "-o", "name"); pods != "" {
		t.Errorf("it leaves %s", pods)
	}
}

// drillTheWrongOne has somebody else answer in hangzhou's place.
func (s *scenario) drillTheWrongOne(t *testing.T) {
	node.Hangzhou.Intercept(challenge("cri-bbbbb", node.Hangzhou.PublicEndpoint, 0))
	awaitFinding(t, finding{primary: bothHealthy, standby: "wrong-identity, wrong-identity", reasons: []string{"answers as cri-bbbbb, which is zhangjiakou"}})
	told := playDrill(t, 1, "--nodes", node.Nodes[1].Name)
	if o := told.outcomes(); o[drill.Identity] != drill.Failed || o[drill.Switch] != drill.Unknown || told.Succeeded || !strings.HasPrefix(told.Problem, "not proven: identity") {
		t.Errorf("%+v", told)
	}
	if value := switchValue(t); value != "privatezone" {
		t.Errorf("the switch says %q", value)
	}
	node.Hangzhou.Intercept(issuing(node.Hangzhou))
	awaitFinding(t, allHealthy)
}

// issuingToOurs does too, but refuses container runtimes every manifest, so that no pod pulls.
func issuingToOurs(i *cluster.Instance) func(http.ResponseWriter, *http.Request) bool {
	otherwise := issuing(i)
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") || r.Header.Get("User-Agent") == "registry-failover" {
			return otherwise(w, r)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
}

// killDrill kills the plugin while it waits for a pod that can't pull: nobody but the
// controller can lead the node back then.
func (s *scenario) killDrill(t *testing.T) {
	moved, standby := node.Nodes[1], node.Hangzhou.Internal.String()
	node.Hangzhou.Intercept(issuingToOurs(node.Hangzhou))
	recorded := recordOfDrills(t)
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	ended := make(chan error, 1)
	go func() { // kubectl becomes the plugin, which is the process that is killed
		output, err := node.Kubectl(ctx, "registry-failover", "drill", "--to", "hangzhou", "--nodes", moved.Name, "--for", "1m",
			"--pod-namespace", shop, "--timeout", "5m", "--as", "oncall")
		ended <- fmt.Errorf("%w: %s", err, output)
	}()
	await(t, "the node is led there", 2*time.Minute, func(context.Context) error {
		select {
		case err := <-ended:
			t.Fatal("it ends before it is killed: ", err)
		default:
		}
		return hostsLeadOn(moved, standby)
	})
	value := switchValue(t)
	kill()
	<-ended
	_, line, _ := strings.Cut(value, "until: ")
	line, _, _ = strings.Cut(line, "\n")
	until, err := time.Parse(time.RFC3339, line)
	if err != nil || !strings.Contains(value, "\nnodes: "+moved.Name+"\n") {
		t.Fatalf("the switch says %q: %v", value, err)
	}
	if now := switchValue(t); now != value && time.Now().Before(until) {
		t.Fatalf("the plugin is killed, and the switch says %q", now)
	}
	await(t, "the controller leads the node back", time.Until(until)+time.Minute, func(context.Context) error {
		for _, n := range node.Nodes {
			if err := hostsLeadOn(n, ""); err != nil {
				return err
			}
		}
		return nil
	})
	late := time.Since(until)
	t.Logf("the node is back %.1f s after the drill's time", late.Seconds())
	if now := switchValue(t); late < 0 || !strings.HasPrefix(now, "to: privatezone\nreason: its time at hangzhou/internal, until "+line+", is over") {
		t.Errorf("it is back %s after the time, and the switch says %q", late, now)
	}
	if now := recordOfDrills(t); now != recorded {
		t.Errorf("of a drill that was killed is recorded %s, after %s", now, recorded)
	}
	kubectl(t, "-n", shop, "delete", "pods", "-l", "registry-failover.io/drill")
	node.Hangzhou.Intercept(issuing(node.Hangzhou))
}

func recordOfDrills(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", namespace, "get", "configmap", drill.Name, "-o", `jsonpath={.data.`+strings.ReplaceAll(cluster.Endpoint, ".", `\.`)+`}`)
}

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestHealth has the primary fail in each way, and looks at what the probers on three
// nodes find and the controller tells.
func TestHealth(t *testing.T) {
	haveNodes(t, 3)
	s := newScenario(t, 4)
	canary := "demo/web@" + webDigest(t)
	defer node.Hangzhou.Intercept(nil)
	defer node.Zhangjiakou.Intercept(nil)
	node.Hangzhou.Intercept(well(node.Hangzhou))
	node.Zhangjiakou.Intercept(well(node.Zhangjiakou))
	s.play(t, "helm install: all instances are healthy", func(s *scenario, t *testing.T) {
		s.runHelm(t, "install", "--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1",
			"--set", "config.health.interval=1s,config.health.timeout=1s,config.health.slow=2s,config.health.failures=2,config.health.successes=2",
			"--set", "config.health.canary="+canary)
		awaitSwitch(t, "privatezone")
		awaitProbers(t, len(node.Nodes))
		awaitHealth(t, "hangzhou/internal healthy, hangzhou/public healthy, zhangjiakou/internal healthy, zhangjiakou/public healthy", "answers as itself")
	})
	s.play(t, "a report is its own pod's", (*scenario).tieReports)
	s.play(t, "a switch is proven by who serves the name on the node", (*scenario).provesSwitch)
	s.playFaults(t)
	s.play(t, "people see it: text, Events and metrics", (*scenario).showHealth)
	s.play(t, "whoever scales the probers is corrected", (*scenario).rescaleProbers)
	s.play(t, "helm uninstall leaves nothing", func(s *scenario, t *testing.T) {
		if _, err := s.runUninstall(t); err != nil {
			t.Fatal(err)
		}
		s.awaitNothingLeft(t)
	})
}

// provesSwitch throws the switch and looks who answers under the shared endpoint's name where the probers are.
func (s *scenario) provesSwitch(t *testing.T) {
	list := func(ctx context.Context) ([]healthreport.NodeServing, error) {
		leases, err := node.Client.CoordinationV1().Leases(namespace).List(ctx, metav1.ListOptions{LabelSelector: healthreport.Selector})
		if err != nil {
			return nil, err
		}
		return healthreport.ServingNodes(leases.Items, cluster.Endpoint), nil
	}
	awaitServing := func(instance, reason string) {
		begin := time.Now()
		await(t, "the nodes are served by "+instance, time.Minute, func(ctx context.Context) error {
			got, err := list(ctx)
			if err != nil {
				return err
			}
			other := func(n healthreport.NodeServing) bool { return n.Instance != instance || n.Reason != reason }
			if len(got) != len(node.Nodes) || slices.ContainsFunc(got, other) {
				return fmt.Errorf("they tell %+v", got)
			}
			return nil
		})
		t.Logf("%s serves the nodes, told after %.1f s", instance, time.Since(begin).Seconds())
		want := fmt.Sprintf("  √ %d of %[1]d probers are served by %s under the name\n", len(node.Nodes), instance)
		await(t, want, time.Minute, func(ctx context.Context) error {
			status, err := node.Kubectl(ctx, "registry-failover", "status")
			if !strings.Contains(status, want) {
				return errors.Join(err, fmt.Errorf("status is\n%s", status))
			}
			return nil
		})
	}
	awaitServing("zhangjiakou", "by the node's DNS")
	throw(t, "hangzhou")
	awaitServing("hangzhou", "by the node's hosts file")
	throw(t, "privatezone")
	awaitServing("zhangjiakou", "by the node's DNS")
}

// challenge answers GET /v2/ as the instance does, after a while, with this host for
// tokens, which has the same certificate and gives one to everybody.
func challenge(id, realm string, after time.Duration) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == tokenPath {
			_, _ = w.Write([]byte(`{"token":"of nobody"}`))
			return true
		}
		if r.URL.Path != "/v2/" {
			return false
		}
		select {
		case <-time.After(after):
		case <-r.Context().Done():
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s`+tokenPath+`",service="registry.aliyuncs.com:cn-somewhere:china:%s"`, realm, id))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}

// awaitHealth waits until status tells these levels, and of one instance this reason.
func awaitHealth(t *testing.T, want, reason string) {
	t.Helper()
	await(t, want, 90*time.Second, func(ctx context.Context) error {
		got, reasons, err := toldHealth(ctx)
		if err == nil && (got != want || !strings.Contains(reasons, reason)) {
			err = fmt.Errorf("they are %s, because %s", got, reasons)
		}
		return err
	})
}

// toldHealth is what status tells, the levels and the reasons, of instances in their order.
func toldHealth(ctx context.Context) (levels, reasons string, err error) {
	output, err := node.Kubectl(ctx, "registry-failover", "status", "-o", "json")
	if failed, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || failed.ExitCode() != 1) { // 1: not every node has reported yet
		return "", "", err
	}
	var told struct {
		Health []struct {
			Problem   string
			Instances []struct{ Instance, Network, Level, Reason string }
		}
	}
	if err := json.Unmarshal([]byte(output), &told); err != nil {
		return "", "", fmt.Errorf("%w: %s", err, output)
	}
	if len(told.Health) != 1 || told.Health[0].Problem != "" {
		return "", "", fmt.Errorf("it tells %+v", told.Health)
	}
	var l, r []string
	for _, i := range told.Health[0].Instances {
		l = append(l, i.Instance+"/"+i.Network+" "+i.Level)
		r = append(r, i.Reason)
	}
	return strings.Join(l, ", "), strings.Join(r, ", "), nil
}

// tieReports writes with the token of a prober what isn't its own.
func (s *scenario) tieReports(t *testing.T) {
	pod := podsOf(t, "prober")[0]
	prober := as(t, "registry-failover-prober", &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID})
	write := func(c *kubernetes.Clientset, name string) error {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: healthreport.Labels(), OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}},
		}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &pod.Spec.NodeName}}
		_, err := c.CoordinationV1().Leases(namespace).Create(t.Context(), lease, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := write(prober, pod.Name); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("its own report: %v", err)
	}
	for name, c := range map[string]*kubernetes.Clientset{
		"registry-failover-prober-another": prober,
		node.Nodes[0].Name:                 prober, // which is a node's report
		pod.Name:                           as(t, "registry-failover-prober", nil),
	} {
		if err := write(c, name); err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'registry-failover-probers'") {
			t.Errorf("the report %s: %v", name, err)
		}
	}
	lease, err := node.Client.CoordinationV1().Leases(namespace).Get(t.Context(), pod.Name, metav1.GetOptions{})
	if err != nil || lease.OwnerReferences[0].UID != pod.UID || *lease.Spec.HolderIdentity != pod.Spec.NodeName {
		t.Errorf("%v: %+v", err, lease)
	}
	for _, text := range lease.Annotations {
		if strings.Contains(text, node.Hangzhou.Internal.String()) {
			t.Errorf("it has an address: %s", text)
		}
	}
}

// showHealth looks at what people see after all that.
func (s *scenario) showHealth(t *testing.T) {
	status := kubectl(t, "registry-failover", "status")
	if want := "  √ zhangjiakou/internal: healthy for "; !strings.Contains(status, want) || !strings.Contains(status, ", by 3 of 3 probers: answers as itself; its certificate is of an authority that is unknown here") {
		t.Errorf("status is\n%s", status)
	}
	events := kubectl(t, "-n", namespace, "events", "--for", "configmap/registry-failover")
	for _, want := range []string{"zhangjiakou/internal is unreachable, and was healthy", "zhangjiakou/public is slow", "zhangjiakou/internal is wrong-identity", "is healthy, and was "} {
		if !strings.Contains(events, want) {
			t.Errorf("no Event tells that %s:\n%s", want, events)
		}
	}
	page, err := get(t.Context(), "http://"+net.JoinHostPort(podsOf(t, "controller")[0].Status.PodIP, "8082")+"/metrics")
	if want := `registry_failover_instance_healthy{endpoint="` + cluster.Endpoint + `",instance="zhangjiakou",network="internal"} 1`; err != nil || !strings.Contains(page, want) {
		t.Errorf("%v: the controller's metrics lack %s", err, want)
	}
	page, err = get(t.Context(), "http://"+net.JoinHostPort(podsOf(t, "prober")[0].Status.HostIP, "18082")+"/metrics")
	if err != nil || !strings.Contains(page, `level="wrong-identity",network="internal"} `) {
		t.Errorf("%v: the prober's metrics are\n%s", err, page)
	}
}

// rescaleProbers takes all probers away, as a person could.
func (s *scenario) rescaleProbers(t *testing.T) {
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-prober", "--replicas", "0")
	kubectl(t, "-n", namespace, "delete", "pod", "-l", "app.kubernetes.io/component=controller") // whose successor looks at once
	await(t, "there is a prober for each node", 2*time.Minute, func(ctx context.Context) error {
		d, err := node.Client.AppsV1().Deployments(namespace).Get(ctx, "registry-failover-prober", metav1.GetOptions{})
		if err == nil && int(d.Status.ReadyReplicas) != len(node.Nodes) {
			err = fmt.Errorf("there are %d", d.Status.ReadyReplicas)
		}
		return err
	})
}

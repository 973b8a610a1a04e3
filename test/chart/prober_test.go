package chart

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// TestAnUpgradeLeavesTheNumberOfProbers: the controller scales them, and a number
// in the manifest would be put back by each upgrade and each synchronization.
func TestAnUpgradeLeavesTheNumberOfProbers(t *testing.T) {
	d := get[appsv1.Deployment](t, render(t, "--values="+example), "Deployment", "registry-failover-prober").Spec
	if d.Replicas != nil {
		t.Errorf("the chart wants %d", *d.Replicas)
	}
	// 3 probes at the least, of which the last may end 22 s after the first could begin.
	if d.MinReadySeconds < 25 {
		t.Errorf("a rollout goes on after %d s, when the new ones know nothing yet", d.MinReadySeconds)
	}
	selects(t, "registry-failover-prober", d.Selector, d.Template.Labels)
	if u := d.Strategy.RollingUpdate; u.MaxSurge.IntValue() != 0 || u.MaxUnavailable.String() != "25%" {
		t.Errorf("a successor on the same node finds its port taken: %+v", u)
	}
}

// TestAProberIsWherePullsAre: on nodes that pull, by the node's network and DNS, and
// spread over nodes and zones.
func TestAProberIsWherePullsAre(t *testing.T) {
	all := pods(t, render(t, "--values="+example))
	pod := all[prober]
	if diff := cmp.Diff(all["DaemonSet registry-failover-resolver"].Affinity, pod.Affinity); diff != "" {
		t.Errorf("it runs on other nodes than the resolver does:\n%s", diff)
	}
	var over []string
	for _, s := range pod.TopologySpreadConstraints {
		over = append(over, s.TopologyKey)
	}
	slices.Sort(over)
	if diff := cmp.Diff([]string{"kubernetes.io/hostname", "topology.kubernetes.io/zone"}, over); diff != "" {
		t.Error(diff)
	}
	c := pod.Containers[0]
	if got := c.Args[len(c.Args)-1]; c.Args[0] != "probe" || got != "--metrics=[$(HOST_IP)]:18082" || c.Ports[0].ContainerPort != 18082 {
		t.Errorf("its metrics are served by %s, and not at the node's address in the cluster alone: %v", got, c.Args)
	}
}

// TestAProberReadsTheNodesHostsFile, as it is now, and changes nothing there.
func TestAProberReadsTheNodesHostsFile(t *testing.T) {
	pod := pods(t, render(t, "--values="+example))[prober]
	i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.HostPath != nil })
	if i < 0 || pod.Volumes[i].HostPath.Path != "/etc" {
		t.Fatalf("its volumes are %+v", pod.Volumes)
	}
	for _, m := range pod.Containers[0].VolumeMounts {
		if m.Name == pod.Volumes[i].Name && (m.MountPath != "/host/etc" || !m.ReadOnly || m.SubPath != "") {
			t.Errorf("it is mounted as %+v", m)
		}
	}
	if !slices.Contains(pod.Containers[0].Args, "--hosts-file=/host/etc/hosts") {
		t.Errorf("it runs with %v", pod.Containers[0].Args)
	}
}

func TestNothingIsLeftOfProbersThatAreOff(t *testing.T) {
	without := render(t, "--values="+example, "--set=prober.enabled=false")
	for _, o := range without {
		if strings.Contains(o.GetName(), "prober") {
			t.Errorf("%s %s is there", o.GetKind(), o.GetName())
		}
	}
	const controller = "registry-failover-controller"
	for _, right := range rights(t, render(t, "--values="+example, "--set=prober.enabled=false,readiness.enabled=false,operator.subjects[0].kind=Group,operator.subjects[0].name=oncall"))["ServiceAccount registry-failover "+controller] {
		if strings.Contains(right, "deployments") {
			t.Errorf("the controller keeps %q", right)
		}
	}
	if args := get[appsv1.Deployment](t, without, "Deployment", controller).Spec.Template.Spec.Containers[0].Args; slices.Contains(args, "--probers") {
		t.Errorf("the controller has %v", args)
	}
}

// TestAProberReadsTheStateWhereAddressesAreLearnt, and nowhere else.
func TestAProberReadsTheStateWhereAddressesAreLearnt(t *testing.T) {
	const oncall = "--set=operator.subjects[0].kind=Group,operator.subjects[0].name=oncall"
	got := rights(t, render(t, append(slices.Clone(fromAPI), "--set=config.credentials.provider=ECSRAMRole", oncall)...))["ServiceAccount registry-failover registry-failover-prober"]
	want := []string{"registry-failover:  configmaps: get registry-failover-state", "registry-failover: coordination.k8s.io leases: create,patch"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAProberReportsForItsOwnPod(t *testing.T) {
	all := render(t, "--values="+example)
	p := newPolicy(t, get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", "registry-failover-probers").Spec)
	report := map[string]any{"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/component": "prober"}
	resolvers := map[string]any{"app.kubernetes.io/part-of": "registry-failover", "app.kubernetes.io/component": "resolver"}
	const (
		own    = "a prober may write only the Lease of its own pod, prober-a in the namespace registry-failover"
		labels = "the Lease lacks the labels app.kubernetes.io/part-of: registry-failover and app.kubernetes.io/component: prober, which tell it from others"
		owner  = "the Lease doesn't belong to the prober's pod, so that it would stay when that is no more"
		voice  = "a prober may speak for its own node alone, node-a"
	)
	token := map[string]string{"pod-name": "prober-a", "pod-uid": "uid-a", "node-name": "node-a"}
	const nobody = "the token names no pod and node: a prober reports with the token that its pod got from kubelet"
	without := func(claim string) map[string]string {
		less := maps.Clone(token)
		delete(less, claim)
		return less
	}
	for sentence, test := range map[string]struct {
		account                      string
		token                        map[string]string
		in, lease, ownerUID, speaker string
		labels                       map[string]any
		want                         []string
	}{
		"its own":                              {"registry-failover-prober", token, namespace, "prober-a", "uid-a", "node-a", report, nil},
		"another pod's":                        {"registry-failover-prober", token, namespace, "prober-b", "uid-a", "node-a", report, []string{own}},
		"leader election":                      {"registry-failover-prober", token, namespace, "registry-failover-controller", "uid-a", "node-a", report, []string{own}},
		"in another namespace":                 {"registry-failover-prober", token, "kube-node-lease", "prober-a", "uid-a", "node-a", report, []string{own}},
		"of nobody":                            {"registry-failover-prober", token, namespace, "prober-a", "", "node-a", report, []string{owner}},
		"of another pod":                       {"registry-failover-prober", token, namespace, "prober-a", "uid-b", "node-a", report, []string{owner}},
		"with another node's voice":            {"registry-failover-prober", token, namespace, "prober-a", "uid-a", "node-b", report, []string{voice}},
		"as a node's report":                   {"registry-failover-prober", token, namespace, "prober-a", "uid-a", "node-a", resolvers, []string{labels}},
		"without labels":                       {"registry-failover-prober", token, namespace, "prober-a", "uid-a", "node-a", nil, []string{labels}},
		"with nobody's voice":                  {"registry-failover-prober", token, namespace, "prober-a", "uid-a", "", report, []string{voice}},
		"with another account it is not asked": {"registry-failover-controller", nil, namespace, "anything", "", "", nil, nil},
		"a token of no node": {
			"registry-failover-prober", without("node-name"), namespace, "prober-a", "uid-a", "node-a", report,
			[]string{nobody, "a prober may speak for its own node alone, "},
		},
		"a token of no pod": {
			"registry-failover-prober", without("pod-name"), namespace, "prober-a", "uid-a", "node-a", report,
			[]string{
				nobody,
				"a prober may write only the Lease of its own pod,  in the namespace registry-failover",
			},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			metadata := map[string]any{"name": test.lease}
			if test.labels != nil {
				metadata["labels"] = test.labels
			}
			if test.ownerUID != "" {
				metadata["ownerReferences"] = []any{map[string]any{"kind": "Pod", "uid": test.ownerUID}}
			}
			extra := map[string]any{}
			for claim, value := range test.token {
				extra["authentication.kubernetes.io/"+claim] = []string{value}
			}
			spec := map[string]any{}
			if test.speaker != "" {
				spec["holderIdentity"] = test.speaker
			}
			got := p.refusals(t, request{
				object: map[string]any{"metadata": metadata, "spec": spec},
				attributes: map[string]any{"operation": "CREATE", "namespace": test.in, "userInfo": map[string]any{
					"username": "system:serviceaccount:registry-failover:" + test.account, "extra": extra,
				}},
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

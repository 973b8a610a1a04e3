package chart

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
)

const (
	precheck = "Job registry-failover-precheck"
	prober   = "Deployment registry-failover-prober"
)

// pods are the pods of all workloads, by kind and name.
func pods(t *testing.T, all objects) map[string]corev1.PodSpec {
	t.Helper()
	found := map[string]corev1.PodSpec{}
	for _, o := range all {
		name := o.GetKind() + " " + o.GetName()
		switch o.GetKind() {
		case "Deployment":
			found[name] = get[appsv1.Deployment](t, all, "Deployment", o.GetName()).Spec.Template.Spec
		case "DaemonSet":
			found[name] = get[appsv1.DaemonSet](t, all, "DaemonSet", o.GetName()).Spec.Template.Spec
		case "Job":
			found[name] = get[batchv1.Job](t, all, "Job", o.GetName()).Spec.Template.Spec
		}
	}
	want := 7
	for _, optional := range []string{"Job registry-failover-cleanup-pull-secrets", prober} {
		if _, there := found[optional]; there {
			want++
		}
	}
	if len(found) != want {
		t.Fatalf("there are %d workloads", len(found))
	}
	return found
}

// TestPodsMayDoLittle holds the rules of Pod Security "restricted", of which
// the DaemonSet needs two exceptions, uid 0 and the host's /etc, the prober two, the host's
// network and its /etc to read, and the precheck one, the host's network, where there is a
// DaemonSet.
func TestPodsMayDoLittle(t *testing.T) {
	for name, pod := range pods(t, render(t, "--values="+example)) {
		onNode := name == "DaemonSet registry-failover-resolver"
		s := pod.SecurityContext
		if s == nil || s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s has no seccomp profile", name)
			continue
		}
		if asUser := s.RunAsNonRoot != nil && *s.RunAsNonRoot && *s.RunAsUser == 65532; asUser == onNode {
			t.Errorf("%s: runs as nobody in particular: %t", name, asUser)
		}
		if pod.HostNetwork != (name == precheck || name == prober) || pod.HostPID || pod.HostIPC {
			t.Errorf("%s shares what is the host's", name)
		}
		for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
			s := c.SecurityContext
			if s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || s.Capabilities.Add != nil || s.Privileged != nil || s.RunAsUser != nil {
				t.Errorf("%s, container %s, may do more than it needs: %+v", name, c.Name, s)
			}
		}
		for _, v := range pod.Volumes {
			if hostPath := v.HostPath; hostPath != nil && (!onNode && name != prober || hostPath.Path != "/etc" || *hostPath.Type != corev1.HostPathDirectory) {
				t.Errorf("%s mounts the host's %s", name, hostPath.Path)
			}
			if v.HostPath == nil && v.ConfigMap == nil && v.Secret == nil && v.EmptyDir == nil {
				t.Errorf("%s has the volume %s", name, v.Name)
			}
		}
	}
}

// TestOnlyResetsNeedTheNodesNetwork: with node.resetConnections the resolver on a
// node has the host's network and one capability, and no other pod changes.
func TestOnlyResetsNeedTheNodesNetwork(t *testing.T) {
	const resolver = "DaemonSet registry-failover-resolver"
	before := pods(t, render(t, "--values="+example))
	after := pods(t, render(t, "--values="+example, "--set=config.node.resetConnections=true"))
	pod := after[resolver]
	c := &pod.Containers[0]
	if !pod.HostNetwork || !slices.Equal(c.SecurityContext.Capabilities.Add, []corev1.Capability{"NET_ADMIN"}) || c.Ports[0].ContainerPort != 18081 {
		t.Errorf("it has %+v", pod)
	}
	if got := c.Args[len(c.Args)-1]; got != "--metrics=[$(HOST_IP)]:18081" {
		t.Errorf("its metrics are served by %s, and not at the node's address in the cluster alone", got)
	}
	// All that is different.
	old := before[resolver]
	pod.HostNetwork, c.SecurityContext.Capabilities.Add, c.Ports = old.HostNetwork, nil, old.Containers[0].Ports
	c.Args = slices.Replace(c.Args, len(c.Args)-1, len(c.Args), "--metrics=:8081")
	c.Env = slices.DeleteFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "HOST_IP" })
	after[resolver] = pod
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

func TestTheWebhookKnowsNoTokenAndNoCAKey(t *testing.T) {
	pod := pods(t, render(t, "--values="+example))["Deployment registry-failover-webhook"]
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("it has a token")
	}
	for _, v := range pod.Volumes {
		if v.Secret == nil {
			continue
		}
		var keys []string
		for _, item := range v.Secret.Items {
			keys = append(keys, item.Key)
		}
		if !slices.Equal(keys, []string{"tls.crt", "tls.key"}) || v.Secret.Optional != nil {
			t.Errorf("it mounts %v of %s", keys, v.Secret.SecretName)
		}
	}
}

// TestTheConfigurationFollowsItsConfigMap: a subPath is mounted once and never changes.
func TestTheConfigurationFollowsItsConfigMap(t *testing.T) {
	for name, pod := range pods(t, render(t, "--values="+example)) {
		for _, c := range pod.Containers {
			for _, m := range c.VolumeMounts {
				if m.SubPath != "" || m.SubPathExpr != "" {
					t.Errorf("%s mounts %s by subPath", name, m.Name)
				}
			}
		}
	}
}

// TestResolversAskTheNodesDNS: through cluster DNS they would ask themselves.
func TestResolversAskTheNodesDNS(t *testing.T) {
	all := pods(t, render(t, "--values="+example))
	for _, name := range []string{"Deployment registry-failover-resolver-dns", "DaemonSet registry-failover-resolver", "Deployment registry-failover-controller", precheck, prober} {
		if got := all[name].DNSPolicy; got != corev1.DNSDefault {
			t.Errorf("%s has the DNS policy %q", name, got)
		}
	}
}

func TestOneReplicaHasNoDisruptionBudget(t *testing.T) {
	for _, name := range []string{"registry-failover-webhook", "registry-failover-resolver-dns"} {
		all := render(t, "--values="+example)
		if got := get[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget", name).Spec.MaxUnavailable.IntValue(); got != 1 {
			t.Errorf("%s: %d", name, got)
		}
		all = render(t, "--values="+example, "--set=webhook.replicas=1,dns.replicas=1")
		if all.has("PodDisruptionBudget", name) {
			t.Errorf("%s: a node with the only pod could never be drained", name)
		}
	}
}

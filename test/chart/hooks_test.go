package chart

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
)

// TestHooksLeaveNothingBehind holds what Helm deletes after an uninstall, and
// that rights exist before what needs them.
func TestHooksLeaveNothingBehind(t *testing.T) {
	weights := map[string]map[string]int{}
	for _, o := range render(t, "--values="+example) {
		hook, isHook := o.GetAnnotations()["helm.sh/hook"]
		if !isHook {
			continue
		}
		if got := o.GetAnnotations()["helm.sh/hook-delete-policy"]; got != "before-hook-creation,hook-succeeded" {
			t.Errorf("%s %s is deleted %q", o.GetKind(), o.GetName(), got)
		}
		weight, err := strconv.Atoi(o.GetAnnotations()["helm.sh/hook-weight"])
		if err != nil {
			t.Error(err)
		}
		if weights[hook] == nil {
			weights[hook] = map[string]int{}
		}
		weights[hook][o.GetKind()] = weight
	}
	want := map[string]map[string]int{
		"pre-delete":  {"ServiceAccount": -30, "Role": -20, "ClusterRole": -20, "RoleBinding": -10, "ClusterRoleBinding": -10, "Job": 0},
		"post-delete": {"ServiceAccount": -30, "Role": -20, "RoleBinding": -10, "Job": 0},

		"pre-install,pre-upgrade": {"ServiceAccount": -10, "ConfigMap": -10, "Job": 0},
	}
	if diff := cmp.Diff(want, weights); diff != "" {
		t.Error(diff)
	}
}

func TestHooksCallTheController(t *testing.T) {
	all := render(t, "--values="+example, "--set=coredns.configMap=my-coredns")
	for name, want := range map[string][]string{
		"registry-failover-uninstall": {"uninstall", "--namespace=registry-failover", "--coredns-namespace=kube-system", "--coredns-configmap=my-coredns", "--timeout=2m"},
		"registry-failover-cleanup":   {"cleanup", "--namespace=registry-failover"},
		"registry-failover-precheck":  {"precheck", "--config=/etc/registry-failover/config.yaml", "--message-file=/dev/termination-log"},
	} {
		pod := get[batchv1.Job](t, all, "Job", name).Spec.Template.Spec
		if diff := cmp.Diff(want, pod.Containers[0].Args); diff != "" || pod.ServiceAccountName != name {
			t.Errorf("%s runs as %s: %s", name, pod.ServiceAccountName, diff)
		}
	}
}

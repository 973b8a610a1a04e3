package chart

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// roleLines are the rights of all roles of a name, and where each counts.
func roleLines(t *testing.T, all objects, name string) []string {
	t.Helper()
	var lines []string
	for _, o := range all {
		if o.GetName() != name || o.GetKind() != "Role" && o.GetKind() != "ClusterRole" {
			continue
		}
		where := o.GetNamespace()
		if o.GetKind() == "ClusterRole" {
			where = "cluster"
		}
		there := slices.DeleteFunc(slices.Clone(all), func(other unstructured.Unstructured) bool { return other.GetNamespace() != o.GetNamespace() })
		for _, r := range get[rbacv1.Role](t, there, o.GetKind(), name).Rules {
			lines = append(lines, line(where, r))
		}
		binding := get[rbacv1.RoleBinding](t, there, o.GetKind()+"Binding", name)
		if len(binding.Subjects) != 1 || binding.Subjects[0].Namespace != namespace || binding.RoleRef.Name != name || binding.RoleRef.Kind != o.GetKind() {
			t.Errorf("%s %s is bound to %v by %v", o.GetKind(), where, binding.RoleRef, binding.Subjects)
		}
	}
	slices.Sort(lines)
	return lines
}

// TestRightsToPullSecrets has the tables of docs/pullsecrets.md and docs/uninstall.md.
func TestRightsToPullSecrets(t *testing.T) {
	const index = "registry-failover:  configmaps: get,list,watch,patch registry-failover-pull-secrets"
	for sentence, test := range map[string]struct {
		set           string
		want, cleanup []string
		index         bool
	}{
		"none with mode Off":     {set: "mode=Off"},
		"none with the word Off": {set: "mode=false"},
		"to write with Derive, in each namespace": {
			"mode=Derive,config.pullSecrets.namespaces={shop,pay}",
			[]string{
				"pay:  secrets: get,list,watch,create,update,delete", "pay:  serviceaccounts: get", "pay: +events.k8s.io events: create,patch",
				"shop:  secrets: get,list,watch,create,update,delete", "shop:  serviceaccounts: get", "shop: +events.k8s.io events: create,patch",
			},
			[]string{"pay:  secrets: deletecollection", "shop:  secrets: deletecollection"}, true,
		},
		"to read with Check": {
			"mode=Check,config.pullSecrets.namespaces={shop}",
			[]string{"shop:  secrets: get,list,watch", "shop:  serviceaccounts: get", "shop: +events.k8s.io events: create,patch"},
			[]string{"shop:  secrets: deletecollection"}, true,
		},
		"everywhere with a star": {
			"mode=Derive,config.pullSecrets.namespaces={*}",
			[]string{"cluster:  secrets: get,list,watch,create,update,delete", "cluster:  serviceaccounts: get", "cluster: +events.k8s.io events: create,patch"},
			[]string{"cluster:  namespaces: list", "cluster:  secrets: deletecollection"}, true,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			all := render(t, "--values="+example, "--set=config.pullSecrets."+test.set)
			if diff := cmp.Diff(test.want, roleLines(t, all, "registry-failover-pull-secrets")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.cleanup, roleLines(t, all, "registry-failover-cleanup-pull-secrets")); diff != "" {
				t.Errorf("the hook: %s", diff)
			}
			if got := slices.Contains(roleLines(t, all, "registry-failover-controller"), index); got != test.index {
				t.Errorf("a right to the index: %t", got)
			}
			for _, l := range roleLines(t, all, "registry-failover-controller") {
				if strings.Contains(l, "secrets") && l != index && !strings.HasPrefix(l, "registry-failover:") {
					t.Errorf("the controller may %s", l)
				}
			}
		})
	}
}

func TestTheHookDeletesPullSecretsWhereTheyWereWritten(t *testing.T) {
	const name = "registry-failover-cleanup-pull-secrets"
	for set, want := range map[string]string{"{shop,pay}": "--pull-secrets=shop,pay", "{*}": "--pull-secrets=*"} {
		all := render(t, "--values="+example, "--set=config.pullSecrets.mode=Derive,config.pullSecrets.namespaces="+set)
		pod := get[batchv1.Job](t, all, "Job", name).Spec.Template.Spec
		if diff := cmp.Diff([]string{"cleanup", "--namespace=registry-failover", want}, pod.Containers[0].Args); diff != "" || pod.ServiceAccountName != name {
			t.Errorf("it runs as %s: %s", pod.ServiceAccountName, diff)
		}
	}
	if render(t, "--values="+example).has("Job", name) {
		t.Error("with mode Off there is one")
	}
}

func TestTheChartRefusesNamespacesInWhichNothingIsDerived(t *testing.T) {
	for namespace, want := range map[string]string{
		"kube-system":       `config.pullSecrets.namespaces[1]: "kube-system": is left alone, as its images are: remove it`,
		"registry-failover": `config.pullSecrets.namespaces[1]: "registry-failover": is the release's own namespace`,
	} {
		output, err := template(t, "--values="+example, "--set=config.pullSecrets.mode=Derive,config.pullSecrets.namespaces={shop,"+namespace+"}")
		if err == nil || !strings.Contains(output, want) {
			t.Errorf("%s: %v: %s", namespace, err, output)
		}
	}
}

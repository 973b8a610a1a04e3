package chart

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

// rights are what each subject of the release may do: scope, groups, resources,
// verbs and names in one line each. A role of which the chart has no rules, and
// one that nobody is bound to, are mistakes.
func rights(t *testing.T, all objects) map[string][]string {
	t.Helper()
	rules := map[string][]rbacv1.PolicyRule{}
	for _, o := range all {
		switch key := o.GetKind() + " " + o.GetNamespace() + " " + o.GetName(); o.GetKind() {
		case "Role":
			rules[key] = typed[rbacv1.Role](t, o).Rules
		case "ClusterRole":
			rules[key] = typed[rbacv1.ClusterRole](t, o).Rules
		}
	}
	found, bound := map[string][]string{}, map[string]bool{}
	add := func(where string, subjects []rbacv1.Subject, role string) {
		bound[role] = true
		if rules[role] == nil {
			t.Errorf("the chart has no %s", role)
		}
		for _, s := range subjects {
			who := strings.Join(strings.Fields(s.Kind+" "+s.Namespace+" "+s.Name), " ")
			for _, r := range rules[role] {
				found[who] = append(found[who], line(where, r))
			}
		}
	}
	for _, o := range all {
		switch o.GetKind() {
		case "RoleBinding":
			b := typed[rbacv1.RoleBinding](t, o)
			namespaced := b.RoleRef.Kind + " " + b.Namespace + " " + b.RoleRef.Name
			if b.RoleRef.Kind == "ClusterRole" {
				namespaced = "ClusterRole  " + b.RoleRef.Name
			}
			add(b.Namespace, b.Subjects, namespaced)
		case "ClusterRoleBinding":
			b := typed[rbacv1.ClusterRoleBinding](t, o)
			add("cluster", b.Subjects, b.RoleRef.Kind+"  "+b.RoleRef.Name)
		}
	}
	for role := range rules {
		if !bound[role] {
			t.Errorf("nobody is bound to %s", role)
		}
	}
	for _, lines := range found {
		slices.Sort(lines)
	}
	return found
}

func line(where string, r rbacv1.PolicyRule) string {
	text := fmt.Sprintf("%s: %s %s: %s %s", where, strings.Join(r.APIGroups, "+"), strings.Join(r.Resources, "+"), strings.Join(r.Verbs, ","), strings.Join(r.ResourceNames, ","))
	if r.NonResourceURLs != nil {
		text += strings.Join(r.NonResourceURLs, ",")
	}
	return strings.TrimRight(text, " ")
}

// TestRightsAreThoseOfTheTables has the tables of docs/controller.md,
// docs/uninstall.md, docs/health.md and docs/chart.md: who may do more is found here.
func TestRightsAreThoseOfTheTables(t *testing.T) {
	const readSwitch = "registry-failover:  configmaps: get,list,watch registry-failover,registry-failover-state"
	want := map[string][]string{
		"ServiceAccount registry-failover registry-failover-resolver-dns": {readSwitch},
		"ServiceAccount registry-failover registry-failover-resolver":     {readSwitch, "registry-failover: coordination.k8s.io leases: create,patch"},
		"ServiceAccount registry-failover registry-failover-prober":       {"registry-failover: coordination.k8s.io leases: create,patch"},
		"ServiceAccount registry-failover registry-failover-controller": {
			"cluster:  nodes: get,list,watch",
			"cluster:  pods+namespaces: list",
			"cluster: admissionregistration.k8s.io mutatingwebhookconfigurations: get,list,watch,patch registry-failover",
			"cluster: apps deployments+statefulsets+daemonsets: list",
			"cluster: batch jobs+cronjobs: list",
			"registry-failover:  configmaps: create",
			"registry-failover:  configmaps: get,list,watch,patch registry-failover,registry-failover-state",
			"registry-failover:  configmaps: get,list,watch,patch registry-failover-drills",
			"registry-failover:  configmaps: get,patch registry-failover-automatic",
			"registry-failover:  configmaps: get,patch registry-failover-images",
			"registry-failover:  configmaps: get,patch registry-failover-status",
			"registry-failover:  secrets: create",
			"registry-failover:  secrets: get,list,watch,update registry-failover-webhook-certificate",
			"registry-failover: +events.k8s.io events: create,patch",
			"registry-failover: apps deployments/scale: get,patch registry-failover-prober",
			"registry-failover: coordination.k8s.io leases: create",
			"registry-failover: coordination.k8s.io leases: get,update registry-failover-controller",
			"registry-failover: coordination.k8s.io leases: list,watch,delete",
		},
		"ServiceAccount registry-failover registry-failover-uninstall": {
			"cluster:  nodes: list",
			"kube-system:  configmaps: get,patch coredns",
			"registry-failover:  configmaps: get registry-failover-state,registry-failover-status",
			"registry-failover:  configmaps: get,patch registry-failover",
			"registry-failover: coordination.k8s.io leases: list",
		},
		"ServiceAccount registry-failover registry-failover-cleanup": {
			"registry-failover:  configmaps: delete registry-failover,registry-failover-state,registry-failover-status,registry-failover-automatic,registry-failover-images,registry-failover-drills,registry-failover-pull-secrets",
			"registry-failover:  pods: list",
			"registry-failover:  secrets: delete registry-failover-webhook-certificate,registry-failover-webhook-tls,registry-failover-webhook-ca",
			"registry-failover: coordination.k8s.io leases: delete registry-failover-controller",
			"registry-failover: coordination.k8s.io leases: deletecollection",
		},
		"Group oncall": {
			"cluster:  nodes: list",
			"registry-failover:  configmaps: get registry-failover-config,registry-failover-state,registry-failover-status,registry-failover-images",
			"registry-failover:  configmaps: get,patch registry-failover,registry-failover-drills",
			"registry-failover: coordination.k8s.io leases: list",
		},
	}
	got := rights(t, render(t, "--values="+example, "--set=operator.subjects[0].kind=Group,operator.subjects[0].name=oncall,operator.subjects[0].apiGroup=rbac.authorization.k8s.io"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRightsGoWithTheirFeature(t *testing.T) {
	all := render(t, "--values="+example, "--set=config.node.hosts=Off,coredns.configMap=")
	for _, o := range all {
		if o.GetName() == "registry-failover-resolver" || o.GetNamespace() == "kube-system" {
			t.Errorf("%s %s is there", o.GetKind(), o.GetName())
		}
	}
	if all.has("RoleBinding", "registry-failover-operator") {
		t.Error("nobody was named as an operator")
	}
}

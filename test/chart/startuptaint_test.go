package chart

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/registry-failover/registry-failover/internal/startuptaint"
)

func TestTheStartupTaintBringsItsRights(t *testing.T) {
	const account = "ServiceAccount registry-failover registry-failover-controller"
	const others = "--set=operator.subjects[0].kind=Group,operator.subjects[0].name=oncall"
	without, all := render(t, "--values="+example, others), render(t, "--values="+example, others, "--set=node.startupTaint=true")
	var more []string
	before := rights(t, without)[account]
	for _, right := range rights(t, all)[account] {
		if !slices.Contains(before, right) {
			more = append(more, right)
		}
	}
	if diff := cmp.Diff([]string{"cluster:  nodes: patch", "registry-failover: coordination.k8s.io leases: get"}, more); diff != "" {
		t.Error(diff)
	}
	for kind, name := range map[string]string{"ValidatingAdmissionPolicy": "registry-failover-nodes", "ValidatingAdmissionPolicyBinding": "registry-failover-nodes"} {
		if without.has(kind, name) || !all.has(kind, name) {
			t.Errorf("the %s goes with the taint: %t, %t", kind, without.has(kind, name), all.has(kind, name))
		}
	}
	const controller = "Deployment registry-failover-controller"
	if got := pods(t, without)[controller]; got.Tolerations != nil || slices.Contains(got.Containers[0].Args, "--startup-taint") {
		t.Errorf("without it the controller has %v and %v", got.Tolerations, got.Containers[0].Args)
	}
	got := pods(t, all)[controller]
	if diff := cmp.Diff([]corev1.Toleration{{Key: startuptaint.Key, Operator: corev1.TolerationOpExists}}, got.Tolerations); diff != "" {
		t.Errorf("where every node is new the controller could run nowhere:\n%s", diff)
	}
	if !slices.Contains(got.Containers[0].Args, "--startup-taint") {
		t.Errorf("the controller has %v", got.Containers[0].Args)
	}
}

func TestTheStartupTaintNeedsNodesThatReport(t *testing.T) {
	output, err := template(t, "--values="+example, "--set=node.startupTaint=true,config.node.hosts=Off")
	const want = "\nnode.startupTaint: true: with config.node.hosts Off no node reports, and the taint would stay: write false, and OnFailover or Always to have it"
	if err == nil || !strings.Contains(output, want) {
		t.Errorf("%v: %s", err, output)
	}
}

func TestTheControllerTakesOneTaintOffANodeAndChangesNothingElse(t *testing.T) {
	all := render(t, "--values="+example, "--set=node.startupTaint=true")
	p := newPolicy(t, get[admissionregistrationv1.ValidatingAdmissionPolicy](t, all, "ValidatingAdmissionPolicy", "registry-failover-nodes").Spec)
	taint := func(key, effect string) any { return map[string]any{"key": key, "effect": effect} }
	ours, gpu := taint(startuptaint.Key, "NoSchedule"), taint("gpu", "NoSchedule")
	node := func(change func(metadata, spec map[string]any), taints ...any) map[string]any {
		metadata, spec := map[string]any{"name": "node-a", "labels": map[string]any{"pool": "a"}}, map[string]any{"podCIDR": "10.0.0.0/24"}
		if taints != nil {
			spec["taints"] = taints
		}
		if change != nil {
			change(metadata, spec)
		}
		return map[string]any{"metadata": metadata, "spec": spec}
	}
	with := func(field string, value any) func(metadata, spec map[string]any) {
		return func(metadata, spec map[string]any) {
			in := spec
			if slices.Contains([]string{"labels", "annotations", "finalizers", "ownerReferences"}, field) {
				in = metadata
			}
			in[field] = value
		}
	}
	before := node(nil, gpu, ours)
	tests := map[string]struct {
		after map[string]any
		taken bool
	}{
		"takes it off":               {node(nil, gpu), true},
		"leaves it":                  {node(nil, gpu, ours), false},
		"takes another off as well":  {node(nil), false},
		"takes another off":          {node(nil, ours), false},
		"adds one":                   {node(nil, gpu, taint("more", "NoExecute")), false},
		"changes another's effect":   {node(nil, taint("gpu", "NoExecute")), false},
		"changes a label":            {node(with("labels", map[string]any{"pool": "b"}), gpu), false},
		"drops the labels":           {node(func(metadata, _ map[string]any) { delete(metadata, "labels") }, gpu), false},
		"adds an annotation":         {node(with("annotations", map[string]any{"a": "b"}), gpu), false},
		"adds a finalizer":           {node(with("finalizers", []any{"example.com/never"}), gpu), false},
		"adds an owner":              {node(with("ownerReferences", []any{map[string]any{"uid": "1"}}), gpu), false},
		"cordons":                    {node(with("unschedulable", true), gpu), false},
		"changes the pods' networks": {node(with("podCIDRs", []any{"10.0.1.0/24"}), gpu), false},
		"changes the provider's id":  {node(with("providerID", "b"), gpu), false},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			for account, mayAll := range map[string]bool{"system:serviceaccount:registry-failover:registry-failover-controller": false, "admin": true} {
				refusals := p.refusals(t, request{
					object: test.after, oldObject: before,
					attributes: map[string]any{"operation": "UPDATE", "userInfo": map[string]any{"username": account}},
				})
				if taken := refusals == nil; taken != (test.taken || mayAll) {
					t.Errorf("%s: %v", account, refusals)
				}
			}
		})
	}
	t.Run("takes off the only one", func(t *testing.T) {
		if refusals := p.refusals(t, request{object: node(nil), oldObject: node(nil, ours), attributes: map[string]any{"operation": "UPDATE", "userInfo": map[string]any{
			"username": "system:serviceaccount:registry-failover:registry-failover-controller",
		}}}); refusals != nil {
			t.Error(refusals)
		}
	})
}

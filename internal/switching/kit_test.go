package switching

import (
	"fmt"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/healthreport"
	"github.com/registry-failover/registry-failover/internal/nodereport"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// nodes are three: node-g moves with a share of 10, node-j with 40, node-a with 97.
var nodes = []string{"node-a", "node-g", "node-j"}

func aNode(name string, ready bool) corev1.Node {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status}}},
	}
}

// applied is the report of a node that has applied a value.
func applied(t *testing.T, node, value string) coordinationv1.Lease {
	t.Helper()
	sw, err := endpoint.ParseSwitch(value)
	if err != nil {
		t.Fatal(err)
	}
	report := nodereport.Report{
		Answers: map[string]nodereport.Answer{shared: {Switch: nodereport.Hash(value), Target: sw.Target(shared, node).String()}}, Hosts: nodereport.Applied,
	}
	return coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: node, Labels: nodereport.Labels(), Annotations: report.Annotations()},
		Spec:       coordinationv1.LeaseSpec{RenewTime: &metav1.MicroTime{Time: noon}},
	}
}

// aProber's report is of a moment. Serving is an instance, "-" for a prober that doesn't
// tell, or "" for one that nobody serves.
func aProber(node, serving string, at time.Time, level healthreport.Level) coordinationv1.Lease {
	r := healthreport.Report{}
	for _, i := range endpoint.Instances {
		for _, n := range []zone.Network{zone.Internal, zone.Public} {
			r.Instances = append(r.Instances, healthreport.Instance{
				Key: healthreport.Key{Endpoint: shared, Instance: i.Name, Network: n}, Level: level, Reason: "so it is", Since: at,
			})
		}
	}
	if serving != "-" {
		r.Serving = []healthreport.Serving{{Endpoint: shared, Instance: serving, Reason: "it was asked", Since: at}}
	}
	return coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("prober-%s", node), Labels: healthreport.Labels(), Annotations: r.Annotations()},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &node, RenewTime: &metav1.MicroTime{Time: at}},
	}
}

// view is one in which every node has applied the value, and a prober on each tells who serves it.
func view(t *testing.T, value, serving string) View {
	t.Helper()
	v := View{Now: noon, Switch: &corev1.ConfigMap{Data: map[string]string{shared: value}}}
	for _, name := range nodes {
		v.Nodes = append(v.Nodes, aNode(name, true))
		v.Leases = append(v.Leases, applied(t, name, value))
		v.Probers = append(v.Probers, aProber(name, serving, noon, healthreport.Healthy))
	}
	return v
}

// step is one of a value.
func step(t *testing.T, value string) Step {
	t.Helper()
	sw, err := endpoint.ParseSwitch(value)
	if err != nil {
		t.Fatal(err)
	}
	s := Step{Share: All, Value: value, Switch: sw}
	if sw.Scope == zone.ShareOfNodes {
		s.Share = sw.Share
	}
	return s
}

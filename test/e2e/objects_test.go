package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// passing are kinds whose objects come and go by themselves: events, and what
// the kubelet and the control plane keep for their own.
var passing = []string{"events", "events.events.k8s.io", "componentstatuses", "nodes.metrics.k8s.io", "pods.metrics.k8s.io"}

// objects names every object of the cluster, as kind/namespace/name.
func objects(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for kind := range strings.FieldsSeq(kubectl(t, "api-resources", "--verbs", "list", "-o", "name")) {
		if slices.Contains(passing, kind) {
			continue
		}
		list := kubectl(t, "get", kind, "-A", "--ignore-not-found",
			"-o", `jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\n"}{end}`)
		for name := range strings.FieldsSeq(list) {
			found[kind+" "+name] = true
		}
	}
	return found
}

// awaitNothingLeft waits until there is no object that wasn't there before the
// installation, nor one missing. CoreDNS's pod is another one since its
// configuration changed, and so is the ReplicaSet.
func (s *scenario) awaitNothingLeft(t *testing.T) {
	t.Helper()
	coredns, err := node.Client.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(coredns.Data["Corefile"], "registry-failover") {
		t.Errorf("CoreDNS is still configured:\n%s", coredns.Data["Corefile"])
	}
	await(t, "nothing is left", 2*time.Minute, func(context.Context) error {
		var different []string
		now := objects(t)
		for object := range now {
			if !s.before[object] && !ofDNS(object) {
				different = append(different, "+ "+object)
			}
		}
		for object := range s.before {
			if !now[object] && !ofDNS(object) {
				different = append(different, "- "+object)
			}
		}
		if len(different) > 0 {
			slices.Sort(different)
			return errors.New(strings.Join(different, ", "))
		}
		return nil
	})
}

func ofDNS(object string) bool { return strings.Contains(object, " kube-system/coredns-") }

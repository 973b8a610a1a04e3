package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
)

// objects names every object of the cluster but events, as resource namespace/name.
func objects(ctx context.Context) (map[string]bool, error) {
	kinds, err := node.Client.Discovery().ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	client, err := metadata.NewForConfig(node.Config)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, kind := range kinds {
		group, err := schema.ParseGroupVersion(kind.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range kind.APIResources {
			if !slices.Contains(resource.Verbs, "list") || resource.Name == "events" || resource.Name == "componentstatuses" {
				continue
			}
			list, err := client.Resource(group.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, err
			}
			for _, object := range list.Items {
				found[resource.Name+" "+object.Namespace+"/"+object.Name] = true
			}
		}
	}
	return found, nil
}

// awaitNothingLeft waits until every object that wasn't there before the
// installation is gone, and none is missing. CoreDNS's pods are others since
// its configuration changed.
func (s *scenario) awaitNothingLeft(t *testing.T) {
	t.Helper()
	ofDNS := func(object string) bool { return strings.Contains(object, " kube-system/coredns-") }
	await(t, "nothing is left", 2*time.Minute, func(ctx context.Context) error {
		now, err := objects(ctx)
		if err != nil {
			return err
		}
		var different []string
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

// corefile is CoreDNS's configuration.
func corefile(t *testing.T) string {
	t.Helper()
	coredns, err := node.Client.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return coredns.Data["Corefile"]
}

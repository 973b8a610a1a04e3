package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// groups are the API groups of policies about images, each with the resources that
// count, or none where all do.
var groups = map[string][]string{
	// Gatekeeper, ACK's policy governance among others: each kind is a template's.
	"constraints.gatekeeper.sh": nil,
	"templates.gatekeeper.sh":   {"constrainttemplates"},
	// Kyverno; its older group holds reports, too.
	"kyverno.io":          {"clusterpolicies", "policies", "policyexceptions"},
	"policies.kyverno.io": nil,
	// Sigstore's policy-controller.
	"policy.sigstore.dev": {"clusterimagepolicies"},
	// Ratify, with Gatekeeper: the scopes of its verifiers.
	"config.ratify.deislabs.io": nil,
	"policies.kubewarden.io":    {"clusteradmissionpolicies", "admissionpolicies", "clusteradmissionpolicygroups", "admissionpolicygroups"},
	kritis:                      nil,
}

// A kind is a resource that can be listed.
type kind struct{ schema.GroupVersionResource }

// what names the kind's objects as rights do, such as clusterpolicies.kyverno.io.
func (k kind) what() string { return k.GroupResource().String() }

// kindsOf finds the kinds that the API server has of the groups. One that several
// versions have is read in the version that the server prefers.
func (s *search) kindsOf(ctx context.Context) ([]kind, error) {
	there, err := s.kinds.ServerGroupsWithContext(ctx)
	if err != nil {
		return nil, err
	}
	var found []kind
	for _, group := range there.Groups {
		resources, counts := groups[group.Name]
		if !counts {
			continue
		}
		versions := []string{group.PreferredVersion.GroupVersion}
		for _, v := range group.Versions {
			if !slices.Contains(versions, v.GroupVersion) {
				versions = append(versions, v.GroupVersion)
			}
		}
		for _, version := range versions {
			list, err := s.kinds.ServerResourcesForGroupVersionWithContext(ctx, version)
			if err != nil {
				s.unread("the kinds of "+version, err)
				continue
			}
			for _, r := range list.APIResources {
				known := slices.ContainsFunc(found, func(k kind) bool { return k.Group == group.Name && k.Resource == r.Name })
				if known || len(resources) > 0 && !slices.Contains(resources, r.Name) {
					continue
				}
				if k, listed := listable(version, r); listed {
					found = append(found, k)
				}
			}
		}
	}
	return found, nil
}

// kindNamed finds the resource of a kind, such as the ConfigMaps that hold a policy's parameters.
func (s *search) kindNamed(ctx context.Context, version, name string) (kind, error) {
	list, err := s.kinds.ServerResourcesForGroupVersionWithContext(ctx, version)
	if err != nil {
		return kind{}, err
	}
	for _, r := range list.APIResources {
		if k, listed := listable(version, r); listed && r.Kind == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("%s has no kind %s that can be listed", version, name)
}

func listable(version string, r metav1.APIResource) (kind, bool) {
	gv, err := schema.ParseGroupVersion(version)
	if err != nil || strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") {
		return kind{}, false
	}
	return kind{gv.WithResource(r.Name)}, true
}

package clusterdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"
)

// What configures a CoreDNS that ACK manages, by
// https://www.alibabacloud.com/help/en/ack/serverless-kubernetes/user-guide/managed-coredns-support-custom-parameter-configuration:
// there is one in the cluster, and a controller of ACK's makes the Corefile of it.
var customDNSConfig = schema.GroupVersionKind{Group: "networking.alibabacloud.com", Version: "v1beta1", Kind: "CustomDNSConfig"}

const customDNSConfigName = "default"

// Ours is the annotation with the zones that are ours, separated by commas.
const Ours = "registry-failover.io/zones"

// madeByUs is on a CustomDNSConfig that wasn't there before.
const madeByUs = "registry-failover.io/created"

// A CustomDNSConfig owns the Corefile of a CoreDNS that ACK manages.
type CustomDNSConfig struct{ client dynamic.ResourceInterface }

func (CustomDNSConfig) String() string { return "CustomDNSConfig " + customDNSConfigName }

// FindCustomDNSConfig returns nil where the API server knows no such kind.
func FindCustomDNSConfig(api discovery.ServerResourcesInterface, client dynamic.Interface) (*CustomDNSConfig, error) {
	version := customDNSConfig.GroupVersion()
	known, err := api.ServerResourcesForGroupVersion(version.String())
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("whether ACK manages CoreDNS isn't known: %w", err)
	}
	for _, r := range known.APIResources {
		if r.Kind != customDNSConfig.Kind || strings.Contains(r.Name, "/") {
			continue
		}
		resource := client.Resource(version.WithResource(r.Name))
		if r.Namespaced { // the page has a namespace in its example, and says that there is none
			return &CustomDNSConfig{resource.Namespace(metav1.NamespaceDefault)}, nil
		}
		return &CustomDNSConfig{resource}, nil
	}
	return nil, nil
}

// Manifest is a CustomDNSConfig that leads the zones to a resolver at the address
// and to nobody else: which of several is asked first can't be said in it.
func Manifest(zones []string, address string) *unstructured.Unstructured {
	var list []any
	for _, zone := range zones {
		list = append(list, map[string]any{"name": zone, "forward": map[string]any{"upstreams": []any{address}}})
	}
	made := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"zones": list}}}
	made.SetGroupVersionKind(customDNSConfig)
	made.SetName(customDNSConfigName)
	return made
}

// Apply puts the zones of [Manifest] in, and takes out those of ours that are no
// more. A zone that somebody else has put in is an error, and nothing is written.
func (c *CustomDNSConfig) Apply(ctx context.Context, zones []string, address string) error {
	if strings.Contains(address, ":") {
		return fmt.Errorf("it takes IPv4 addresses only, not %s: give the resolver's Service one with dns.clusterIP", address)
	}
	wanted := Manifest(zones, address)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		found, err := c.client.Get(ctx, customDNSConfigName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			made := wanted.DeepCopy()
			made.SetAnnotations(map[string]string{Ours: strings.Join(zones, ","), madeByUs: "true"})
			_, err = c.client.Create(ctx, made, metav1.CreateOptions{})
			return err
		}
		if err != nil {
			return err
		}
		foreign, err := foreignZones(found)
		if err != nil {
			return err
		}
		for _, zone := range foreign {
			if name := nameOf(zone); slices.Contains(zones, name) {
				return fmt.Errorf("spec.zones has %s already, and not from us: remove it", name)
			}
		}
		ours, _, _ := unstructured.NestedSlice(wanted.Object, "spec", "zones")
		return c.write(ctx, found, append(foreign, ours...), strings.Join(zones, ","))
	})
}

// Remove takes our zones out, and deletes what [CustomDNSConfig.Apply] has made
// and nobody has added to.
func (c *CustomDNSConfig) Remove(ctx context.Context) (changed bool, err error) {
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		found, err := c.client.Get(ctx, customDNSConfigName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, changed = found.GetAnnotations()[Ours]; !changed {
			return nil
		}
		foreign, err := foreignZones(found)
		if err != nil {
			return err
		}
		if len(foreign) == 0 && found.GetAnnotations()[madeByUs] != "" {
			version := found.GetResourceVersion()
			return c.client.Delete(ctx, customDNSConfigName, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &version}})
		}
		return c.write(ctx, found, foreign, "")
	})
	return changed, err
}

// foreignZones are the zones that aren't ours.
func foreignZones(found *unstructured.Unstructured) ([]any, error) {
	zones, _, err := unstructured.NestedSlice(found.Object, "spec", "zones")
	if err != nil {
		return nil, errors.New("spec.zones is no list: correct it")
	}
	// Without the annotation there are none: not one of the empty name, as all names have.
	ours := strings.FieldsFunc(found.GetAnnotations()[Ours], func(r rune) bool { return r == ',' })
	return slices.DeleteFunc(zones, func(zone any) bool { return slices.Contains(ours, nameOf(zone)) }), nil
}

// nameOf is the zone's name as the configuration writes it; "" for all names.
func nameOf(zone any) string {
	fields, _ := zone.(map[string]any)
	name, _ := fields["name"].(string)
	return strings.TrimSuffix(strings.ToLower(name), ".")
}

// write updates what was found, if nobody else has done so meanwhile and it is another one then.
func (c *CustomDNSConfig) write(ctx context.Context, found *unstructured.Unstructured, zones []any, ours string) error {
	before := found.DeepCopy()
	if len(zones) == 0 {
		unstructured.RemoveNestedField(found.Object, "spec", "zones")
	} else if err := unstructured.SetNestedSlice(found.Object, zones, "spec", "zones"); err != nil {
		return err
	}
	annotations := found.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	if annotations[Ours] = ours; ours == "" {
		delete(annotations, Ours)
		delete(annotations, madeByUs)
	}
	if len(annotations) == 0 {
		annotations = nil // as it was without any
	}
	found.SetAnnotations(annotations)
	if equality.Semantic.DeepEqual(before, found) {
		return nil
	}
	_, err := c.client.Update(ctx, found, metav1.UpdateOptions{})
	return err
}

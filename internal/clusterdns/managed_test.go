package clusterdns

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	fakediscovery "k8s.io/client-go/discovery/fake"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	ktesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"
)

// The plural is made up: it is asked for, because the page doesn't tell it.
var resource = schema.GroupVersionResource{Group: "networking.alibabacloud.com", Version: "v1beta1", Resource: "customdnsconfigurations"}

// managed is an API server with the kind, and one CustomDNSConfig unless it is "".
func managed(t *testing.T, text string) (*CustomDNSConfig, *dynamicfake.FakeDynamicClient) {
	t.Helper()
	var objects []runtime.Object
	if text != "" {
		objects = append(objects, config(t, text))
	}
	client := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{resource: "CustomDNSConfigList"})
	for _, o := range objects {
		if err := client.Tracker().Create(resource, o, ""); err != nil {
			t.Fatal(err)
		}
	}
	kinds := &fakediscovery.FakeDiscovery{Fake: &ktesting.Fake{}}
	kinds.Resources = []*metav1.APIResourceList{{GroupVersion: "networking.alibabacloud.com/v1beta1", APIResources: []metav1.APIResource{
		{Name: "others", Kind: "Other"}, {Name: resource.Resource + "/status", Kind: "CustomDNSConfig"}, {Name: resource.Resource, Kind: "CustomDNSConfig"},
	}}}
	found, err := FindCustomDNSConfig(kinds, client)
	if err != nil || found == nil {
		t.Fatalf("%v, %v", found, err)
	}
	return found, client
}

func config(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte("apiVersion: networking.alibabacloud.com/v1beta1\nkind: CustomDNSConfig\nmetadata: {name: default}\n"+text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

// now is the CustomDNSConfig without its head; "" when there is none.
func now(t *testing.T, client *dynamicfake.FakeDynamicClient) string {
	t.Helper()
	o, err := client.Resource(resource).Get(t.Context(), "default", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(map[string]any{"annotations": o.GetAnnotations(), "spec": o.Object["spec"]})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const foreign = "spec:\n  other: 1\n  zones:\n  - name: example.com.\n    forward: {protocolStrategy: tcp, upstreams: [10.0.0.53]}\n"

func TestCustomDNSConfigIsEditedAndUndone(t *testing.T) {
	for sentence, text := range map[string]string{
		"there was none": "", "it had a zone": foreign, "it was empty": "spec: {}\n",
		"it had a zone for all names": strings.Replace(foreign, "  zones:\n", "  zones:\n  - name: .\n    forward: {upstreams: [10.0.0.54]}\n", 1),
	} {
		t.Run(sentence, func(t *testing.T) {
			c, client := managed(t, text)
			original := now(t, client)
			for _, zones := range [][]string{{zone}, {zone}, {zone, "b.example.com"}, {"b.example.com"}} {
				if err := c.Apply(t.Context(), zones, address); err != nil {
					t.Fatal(err)
				}
				got := now(t, client)
				for _, z := range []string{zone, "b.example.com", "example.com."} {
					wanted := strings.Contains(strings.Join(zones, ","), z) || z == "example.com." && strings.Contains(text, z)
					if n := strings.Count(got, "name: "+z+"\n"); (n == 1) != wanted || n > 1 {
						t.Errorf("with %q, %s is there %d times:\n%s", zones, z, n, got)
					}
				}
			}
			writes := 0
			for _, a := range client.Actions() {
				if a.GetVerb() != "get" {
					writes++
				}
			}
			if writes != 3 {
				t.Errorf("there were %d writes", writes)
			}
			for _, first := range []bool{true, false} {
				if changed, err := c.Remove(t.Context()); err != nil || changed != first {
					t.Fatalf("changed is %t: %v", changed, err)
				}
			}
			if diff := cmp.Diff(original, now(t, client)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestManifest(t *testing.T) {
	want := config(t, "spec:\n  zones:\n  - name: cross-region.registry.io\n    forward: {upstreams: [172.16.0.53]}\n")
	if diff := cmp.Diff(want.Object, Manifest([]string{zone}, address).Object); diff != "" {
		t.Error(diff)
	}
}

func TestCustomDNSConfigRefuses(t *testing.T) {
	for sentence, test := range map[string]struct{ text, address, problem string }{
		"a zone of somebody else": {"spec: {zones: [{name: Cross-Region.registry.io.}]}\n", address, "spec.zones has cross-region.registry.io already, and not from us: remove it"},
		"what is no list":         {"spec: {zones: 1}\n", address, "spec.zones is no list: correct it"},
		"an IPv6 address":         {"", "fd00::53", "it takes IPv4 addresses only, not fd00::53: give the resolver's Service one with dns.clusterIP"},
	} {
		t.Run(sentence, func(t *testing.T) {
			c, client := managed(t, test.text)
			original := now(t, client)
			if err := c.Apply(t.Context(), []string{zone}, test.address); err == nil || err.Error() != test.problem {
				t.Error(err)
			}
			if diff := cmp.Diff(original, now(t, client)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCustomDNSConfigIsReadAgainAfterAConflict(t *testing.T) {
	c, client := managed(t, "spec: {}\n")
	refused := false
	client.PrependReactor("update", "*", func(action ktesting.Action) (bool, runtime.Object, error) {
		if refused {
			return false, nil, nil
		}
		refused = true
		if err := client.Tracker().Update(resource, config(t, foreign), ""); err != nil {
			return true, nil, err
		}
		return true, nil, apierrors.NewConflict(resource.GroupResource(), "default", errors.New("modified"))
	})
	if err := c.Apply(t.Context(), []string{zone}, address); err != nil {
		t.Fatal(err)
	}
	if got := now(t, client); !strings.Contains(got, "name: example.com.") || !strings.Contains(got, "name: "+zone) {
		t.Error(got)
	}
}

func TestWithoutTheKindNobodyManagesCoreDNS(t *testing.T) {
	kinds := &fakediscovery.FakeDiscovery{Fake: &ktesting.Fake{}}
	for _, lists := range [][]*metav1.APIResourceList{nil, {{GroupVersion: "networking.alibabacloud.com/v1beta1"}}} {
		kinds.Resources = lists
		if found, err := FindCustomDNSConfig(kinds, nil); found != nil || err != nil {
			t.Errorf("%v, %v", found, err)
		}
	}
}

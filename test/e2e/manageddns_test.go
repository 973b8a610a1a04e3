package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// By ACK's page on custom parameters for managed CoreDNS; the plural and the schema are our guess.
const customDNSConfigs = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: customdnsconfigs.networking.alibabacloud.com}
spec:
  group: networking.alibabacloud.com
  names: {kind: CustomDNSConfig, plural: customdnsconfigs}
  scope: Cluster
  versions:
  - name: v1beta1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
`

// editCustomDNSConfig runs the plugin against an API server that knows the kind
// of a CoreDNS that ACK manages. Nobody makes a Corefile of it here.
func (s *scenario) editCustomDNSConfig(t *testing.T) {
	t.Helper()
	if _, err := node.Apply(t.Context(), customDNSConfigs); err != nil {
		t.Fatal(err)
	}
	await(t, "the plugin sees the kind", 30*time.Second, func(ctx context.Context) error {
		if manifest, _ := plugin(ctx, t, "--print"); !strings.Contains(manifest, "kind: CustomDNSConfig") {
			return errors.New("it prints a stanza")
		}
		return nil
	})
	service := kubectl(t, "-n", namespace, "get", "service", "registry-failover-resolver-dns", "-o", "jsonpath={.spec.clusterIP}")
	plugin(t.Context(), t, "--apply")
	want := `[{"forward":{"upstreams":["` + service + `"]},"name":"cross-region.registry.io"}]`
	if got := kubectl(t, "get", "customdnsconfigs", "default", "-o", "jsonpath={.spec.zones}"); got != want {
		t.Errorf("its zones are %s", got)
	}
	if diff := cmp.Diff(s.corefile, corefile(t)); diff != "" {
		t.Errorf("CoreDNS's configuration (-before +after):\n%s", diff)
	}
	plugin(t.Context(), t, "--remove")
	if left := kubectl(t, "get", "customdnsconfigs", "-o", "name"); left != "" {
		t.Errorf("left is %s", left)
	}
	kubectl(t, "delete", "customresourcedefinition", "customdnsconfigs.networking.alibabacloud.com")
}

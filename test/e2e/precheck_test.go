package e2e

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/standin"
)

const precheckJob = "registry-failover-precheck"

// TestPrecheck has installations and upgrades refused that would break every new
// pod, as a person meets it who mends one thing after the other.
func TestPrecheck(t *testing.T) {
	s := newScenario(t, 4)
	values := []string{"--install", "--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1"}

	s.refused(t, 4, append(values, "--set", "config.endpoints[0].name=nowhere.registry.io"),
		"nowhere.registry.io can't be looked up: no such host: every new pod would break, so that nothing is installed or changed: "+
			"let PrivateZone have a zone of this name with a record at @, bound to this host's VPC")
	nothingInstalled(t)

	wrong := netip.MustParseAddr(node.Nodes[0].IP)
	other, err := standin.NewRegistry(node.Authority, "other.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Listen(t.Context(), netip.AddrPortFrom(wrong, 443).String()); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	node.PrivateZone.Set(cluster.Endpoint, wrong)
	defer node.PrivateZone.Set(cluster.Endpoint, node.Zhangjiakou.Internal)
	s.refused(t, 4, values, cluster.Endpoint+": has a wrong certificate: it doesn't cover the name: it is for other.example.com: every new pod would break")
	nothingInstalled(t)
	s.runHelm(t, "upgrade", append(values, "--set", "precheck.enabled=false")...) // for those who know better
	awaitSwitch(t, "privatezone")
	node.PrivateZone.Set(cluster.Endpoint, node.Zhangjiakou.Internal)

	node.Zhangjiakou.Intercept(foreign)
	defer node.Zhangjiakou.Intercept(nil)
	before := kubectl(t, "-n", namespace, "get", "configmap/registry-failover-config", "-o", "jsonpath={.data}")
	s.refused(t, 3, append(values, "--set", "config.endpoints[0].ttl=30s"), cluster.Endpoint+": answers as cri-foreign in cn-beijing, which is no instance of the configuration: every new pod would break")
	if after := kubectl(t, "-n", namespace, "get", "configmap/registry-failover-config", "-o", "jsonpath={.data}"); after != before {
		t.Errorf("a refused upgrade has changed the configuration to %s", after)
	}

	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	kubectl(t, "-n", namespace, "delete", "job/"+precheckJob) // of the last refusal
	s.awaitNothingLeft(t)
}

// foreign answers as an instance of somebody else's.
func foreign(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/v2/" {
		return false
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="https://dockerauth.cn-beijing.aliyuncs.com/auth",service="registry.aliyuncs.com:cn-beijing:china:cri-foreign"`)
	w.WriteHeader(http.StatusUnauthorized)
	return true
}

// refused upgrades or installs, which must end with the sentence: in what helm says, in the
// log of the Job, and in what kubectl describe tells of its pod.
func (s *scenario) refused(t *testing.T, helm int, values []string, sentence string) {
	t.Helper()
	version := s.helm
	s.helm = helm
	defer func() { s.helm = version }()
	output, err := s.tryHelm(t, "upgrade", values...)
	if err == nil {
		t.Fatalf("this was not refused:\n%s", output)
	}
	if said := output + err.Error(); !strings.Contains(said, sentence) {
		t.Errorf("helm %d doesn't say %q:\n%s", helm, sentence, said)
	}
	for _, command := range []string{"logs job/" + precheckJob, "describe pods --selector app.kubernetes.io/component=precheck"} {
		if said := kubectl(t, append([]string{"-n", namespace}, strings.Fields(command)...)...); !strings.Contains(said, sentence) {
			t.Errorf("kubectl %s doesn't say %q:\n%s", command, sentence, said)
		}
	}
}

// nothingInstalled holds that a refusal leaves the Job and Helm's record of it, and no more.
func nothingInstalled(t *testing.T) {
	t.Helper()
	left := kubectl(t, "-n", namespace, "get", "deployments,daemonsets,services,configmaps,serviceaccounts,roles", "-l", "app.kubernetes.io/part-of=registry-failover", "-o", "name") +
		kubectl(t, "get", "mutatingwebhookconfigurations,mutatingadmissionpolicies,validatingadmissionpolicies,clusterroles", "-l", "app.kubernetes.io/part-of=registry-failover", "-o", "name")
	if left != "" {
		t.Errorf("a refused installation has left %s", left)
	}
}

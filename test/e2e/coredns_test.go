package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/cli"
	"github.com/registry-failover/registry-failover/test/cluster"
)

// TestCoreDNS leads the endpoint to the resolver by the plugin, takes the
// resolver away, and then the stanza: by the plugin, and by the uninstall hook.
// CoreDNS has ACK's default Corefile, byte for byte.
func TestCoreDNS(t *testing.T) {
	defer useACKsCorefile(t)()
	s := newScenario(t, 4)
	before := corednsConfigMap(t)
	s.runHelm(t, "install", "--set", "admission.mechanism=Policy,controller.replicas=1,dns.replicas=1,config.node.hosts=Off,networkPolicy.enabled=true", "--wait")
	awaitSwitch(t, "privatezone")

	stanza, _ := plugin(t.Context(), t, "--print")
	if _, said := plugin(t.Context(), t, "--apply"); !strings.Contains(said, "CoreDNS reads a change within about two minutes.") {
		t.Errorf("it says %q", said)
	}
	if diff := cmp.Diff(s.corefile+stanza, corefile(t)); diff != "" {
		t.Errorf("CoreDNS's configuration (-wanted +applied):\n%s", diff)
	}
	applied := corednsConfigMap(t)
	if _, said := plugin(t.Context(), t, "--apply"); !strings.Contains(said, " already.") || corednsConfigMap(t).ResourceVersion != applied.ResourceVersion {
		t.Errorf("a second time it wrote, and says %q", said)
	}
	restartCoreDNS(t)

	awaitClusterDNS(t, node.Zhangjiakou.Internal.String())
	throw(t, "hangzhou")
	awaitClusterDNS(t, node.Hangzhou.Internal.String())
	s.followProxyPattern(t)

	// Without any resolver VPC DNS is asked, whose PrivateZone knows no switch of ours.
	kubectl(t, "-n", namespace, "scale", "deployment/registry-failover-resolver-dns", "--replicas", "0")
	kubectl(t, "-n", namespace, "delete", "pods", "--selector", "app.kubernetes.io/component=resolver-dns", "--grace-period", "0", "--force")
	s.outliveResolver(t)

	if _, said := plugin(t.Context(), t, "--remove"); !strings.Contains(said, "The stanza is removed from ConfigMap kube-system/coredns.") {
		t.Errorf("it says %q", said)
	}
	sameConfigMap(t, before, corednsConfigMap(t))
	s.editCustomDNSConfig(t)

	awaitStanza(t)
	throw(t, "privatezone")
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	sameConfigMap(t, before, corednsConfigMap(t))
	s.awaitNothingLeft(t)
}

// useACKsCorefile gives CoreDNS what internal/corefile is tested with, which logs
// each lookup and ends slowly, until restore is called.
func useACKsCorefile(t *testing.T) (restore func()) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(node.Root, "internal", "corefile", "testdata", "ack"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		changed := corednsConfigMap(t)
		changed.Data["Corefile"] = text
		if _, err := node.Client.CoreV1().ConfigMaps("kube-system").Update(t.Context(), changed, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	before := corefile(t)
	write(string(text))
	return func() {
		write(before)
		restartCoreDNS(t)
	}
}

func restartCoreDNS(t *testing.T) {
	t.Helper()
	kubectl(t, "-n", "kube-system", "rollout", "restart", "deployment/coredns")
	kubectl(t, "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout", "1m")
}

// awaitStanza applies until it is the Corefile that is edited: an API server knows
// a kind for a moment longer than the kind is there.
func awaitStanza(t *testing.T) {
	t.Helper()
	await(t, "the plugin edits the Corefile", 30*time.Second, func(ctx context.Context) error {
		if text, _ := plugin(ctx, t, "--print"); !strings.HasPrefix(text, "# BEGIN") {
			return errors.New("it prints a CustomDNSConfig")
		}
		return nil
	})
	plugin(t.Context(), t, "--apply")
}

// sameConfigMap compares all but who has written last.
func sameConfigMap(t *testing.T, before, after *corev1.ConfigMap) {
	t.Helper()
	for _, c := range []*corev1.ConfigMap{before, after} {
		c.ResourceVersion, c.ManagedFields = "", nil
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("CoreDNS's ConfigMap (-before +after):\n%s", diff)
	}
}

// plugin runs the verb coredns, which must succeed.
func plugin(ctx context.Context, t *testing.T, flag string) (stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	if got := cli.Run(ctx, []string{"coredns", flag, "--kubeconfig", node.Kubeconfig()}, nil, &out, &problems); got != 0 {
		t.Fatalf("coredns %s ends with %d: %s", flag, got, problems.String())
	}
	return out.String(), problems.String()
}

func corednsConfigMap(t *testing.T) *corev1.ConfigMap {
	t.Helper()
	found, err := node.Client.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// outliveResolver looks the endpoint up until VPC DNS answers, and for a while
// after that. Not one lookup may be without an answer.
func (s *scenario) outliveResolver(t *testing.T) {
	t.Helper()
	slowest, lookups, began := time.Duration(0), 0, time.Now()
	lookUp := func(ctx context.Context) (addr string, err error) {
		asked := time.Now()
		addr, err = clusterDNS(ctx)
		slowest, lookups = max(slowest, time.Since(asked)), lookups+1
		if err != nil {
			t.Fatalf("a pod gets no answer after %v: %v", time.Since(began), err)
		}
		return addr, nil
	}
	await(t, "VPC DNS answers for the resolver", 30*time.Second, func(ctx context.Context) error {
		if addr, _ := lookUp(ctx); addr != node.Zhangjiakou.Internal.String() {
			return fmt.Errorf("cluster DNS gives %s", addr)
		}
		return nil
	})
	took := time.Since(began)
	holds(t, "cluster DNS answers without the resolver", 5*time.Second, func(ctx context.Context) error {
		_, err := lookUp(ctx)
		return err
	})
	t.Logf("VPC DNS answered after %v; of %d lookups the slowest took %v", took, lookups, slowest)
}

// clusterDNS looks the endpoint up at the Service that pods ask, once, with the patience of their C library.
func clusterDNS(ctx context.Context) (addr string, err error) {
	client := &dns.Client{Timeout: 5 * time.Second}
	reply, _, err := client.ExchangeContext(ctx, new(dns.Msg).SetQuestion(cluster.Endpoint+".", dns.TypeA), "10.96.0.10:53")
	if err != nil {
		return "", err
	}
	if len(reply.Answer) != 1 || reply.Answer[0].Header().Rrtype != dns.TypeA {
		return "", fmt.Errorf("the answer is %v", reply)
	}
	return reply.Answer[0].(*dns.A).A.String(), nil
}

// awaitClusterDNS waits until pods get addr.
func awaitClusterDNS(t *testing.T, addr string) {
	t.Helper()
	await(t, "cluster DNS gives "+addr, 30*time.Second, func(ctx context.Context) error {
		got, err := clusterDNS(ctx)
		if err == nil && got != addr {
			err = fmt.Errorf("it gives %s", got)
		}
		return err
	})
}

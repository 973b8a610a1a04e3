package e2e

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// install does what the README and the chart's notes tell.
func (s *scenario) install(t *testing.T) {
	s.runHelm(t, "install")
	awaitSwitch(t, "privatezone")
	awaitRollouts(t)
	s.addStanza(t)
}

// exampleValues are those of the README.
const exampleValues = "charts/registry-failover/examples/two-regions.yaml"

// runHelm installs or upgrades with the values of the manual procedure's example.
func (s *scenario) runHelm(t *testing.T, verb string, more ...string) {
	t.Helper()
	output, err := s.tryHelm(t, verb, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(output)
}

// tryHelm is runHelm for what may be refused.
func (s *scenario) tryHelm(t *testing.T, verb string, more ...string) (string, error) {
	t.Helper()
	chart := filepath.Join(node.Root, "charts", "registry-failover")
	args := append([]string{
		verb, "registry-failover", chart, "--namespace", namespace,
		"--values", filepath.Join(node.Root, exampleValues),
		"--set", "image.registry=" + cluster.ProductRegistry, "--set", "image.tag=" + cluster.ProductTag,
	}, more...)
	defer logSlow(t, "helm "+verb, time.Now())
	return node.Helm(t.Context(), s.helm, args...)
}

// awaitRollouts waits as the notes say, until every workload is up to date.
func awaitRollouts(t *testing.T) {
	t.Helper()
	for _, workload := range []string{
		"deployment/registry-failover-webhook", "deployment/registry-failover-controller",
		"deployment/registry-failover-resolver-dns", "daemonset/registry-failover-resolver", "deployment/registry-failover-prober",
	} {
		kubectl(t, "-n", namespace, "rollout", "status", workload, "--timeout", "2m")
	}
}

// awaitSwitch waits until the switch holds a value.
func awaitSwitch(t *testing.T, want string) {
	t.Helper()
	await(t, "the switch says "+want, time.Minute, func(ctx context.Context) error {
		found, err := node.Client.CoreV1().ConfigMaps(namespace).Get(ctx, "registry-failover", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if got := found.Data[cluster.Endpoint]; got != want {
			return fmt.Errorf("it says %q", got)
		}
		return nil
	})
}

// addStanza puts what the notes print into CoreDNS's configuration.
func (s *scenario) addStanza(t *testing.T) {
	t.Helper()
	notes, err := node.Helm(t.Context(), s.helm, "get", "notes", "registry-failover", "--namespace", namespace)
	if err != nil {
		t.Fatal(err)
	}
	stanza, err := between(notes, "# BEGIN registry-failover", "# END registry-failover")
	if err != nil {
		t.Fatalf("%v in the notes:\n%s", err, notes)
	}
	service, err := node.Client.CoreV1().Services(namespace).Get(t.Context(), "registry-failover-resolver-dns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	maps := node.Client.CoreV1().ConfigMaps("kube-system")
	coredns, err := maps.Get(t.Context(), "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	coredns.Data["Corefile"] += strings.ReplaceAll(stanza, "CLUSTER-IP", service.Spec.ClusterIP)
	if _, err := maps.Update(t.Context(), coredns, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	restartCoreDNS(t)
}

// between returns the lines from one to another, both included, without what they are indented by.
func between(text, first, last string) (string, error) {
	var lines []string
	indent := ""
	for line := range strings.Lines(text) {
		if strings.Contains(line, first) {
			indent = line[:strings.Index(line, first)]
			lines = []string{""}
		}
		if lines != nil {
			lines = append(lines, strings.TrimPrefix(line, indent))
		}
		if lines != nil && strings.Contains(line, last) {
			return strings.Join(lines, ""), nil
		}
	}
	return "", errors.New("there is no stanza")
}

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// The namespaces of the product, and of the workloads.
const (
	namespace = "registry-failover"
	shop      = "shop"
)

// scenario is one life of an installation.
type scenario struct {
	helm int
	web  string // the uid of the first pod, which runs all the time

	// What there was before: every object, every file of the node's /etc, CoreDNS's configuration.
	before   map[string]bool
	etc      []string
	corefile string
}

func newScenario(t *testing.T, helm int) *scenario {
	t.Helper()
	for _, name := range []string{namespace, shop} {
		if _, err := node.Apply(t.Context(), "apiVersion: v1\nkind: Namespace\nmetadata: {name: "+name+"}\n"); err != nil {
			t.Fatal(err)
		}
	}
	awaitAccount(t, shop)
	awaitAccount(t, namespace)
	before, err := objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &scenario{helm: helm, before: before, etc: files(t, "/etc"), corefile: corefile(t)}
}

// awaitAccount waits for the account that pods of a new namespace run under, and for what
// else the controller manager makes there.
func awaitAccount(t *testing.T, namespace string) {
	t.Helper()
	await(t, "the default ServiceAccount of "+namespace, time.Minute, func(ctx context.Context) error {
		_, err := node.Client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		if err == nil {
			_, err = node.Client.CoreV1().ConfigMaps(namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		}
		return err
	})
}

// play plays one step of the life. Without it the next ones would tell nothing:
// when it fails, the test ends with what there is to see.
func (s *scenario) play(t *testing.T, name string, step func(*scenario, *testing.T)) {
	t.Helper()
	if !t.Run(name, func(t *testing.T) { step(s, t) }) {
		s.report(t)
		t.FailNow()
	}
}

// await looks until condition returns nil, and fails the test with its last error after limit.
func await(t *testing.T, what string, limit time.Duration, condition func(context.Context) error) {
	t.Helper()
	defer logSlow(t, what, time.Now())
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := condition(ctx)
		if err == nil {
			return
		}
		if last == nil || ctx.Err() == nil { // else the end of ctx is all that it tells
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("after %s this is not so: %s: %v", limit, what, last)
		case <-tick.C:
		}
	}
}

// holds fails the test as soon as condition returns an error, and returns after a time of none.
func holds(t *testing.T, what string, length time.Duration, condition func(context.Context) error) {
	t.Helper()
	end := time.After(length)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := condition(t.Context()); err != nil {
			t.Fatalf("this doesn't hold: %s: %v", what, err)
		}
		select {
		case <-end:
			return
		case <-tick.C:
		}
	}
}

// logSlow shows where the time of a run goes.
func logSlow(t *testing.T, what string, begin time.Time) {
	t.Helper()
	if took := time.Since(begin); took > 2*time.Second {
		t.Logf("%.1f s: %s", took.Seconds(), what)
	}
}

// kubectl runs kubectl, which must succeed, and returns what it prints.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	defer logSlow(t, "kubectl "+strings.Join(args, " "), time.Now())
	output, err := node.Kubectl(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// throw patches the switch as a person does.
func throw(t *testing.T, word string) {
	t.Helper()
	kubectl(t, "-n", namespace, "patch", "configmap", "registry-failover", "--type", "merge",
		"-p", fmt.Sprintf(`{"data":{%q:%q}}`, cluster.Endpoint, word))
}

// hostsFile is the first node's.
func hostsFile(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// awaitHosts waits until the hosts file of every node leads the endpoint to addr; with "", until it is as it was.
func awaitHosts(t *testing.T, addr string) {
	t.Helper()
	await(t, "the nodes' hosts files", 30*time.Second, func(context.Context) error {
		for _, n := range node.Nodes {
			if err := hostsLeadOn(n, addr); err != nil {
				return err
			}
		}
		return nil
	})
}

// hostsLead is hostsLeadOn the first node.
func hostsLead(t *testing.T, addr string) error {
	t.Helper()
	return hostsLeadOn(node.Nodes[0], addr)
}

// hostsLeadOn says whether the node's hosts file leads the endpoint to addr, and holds nothing else; with "", nothing at all.
func hostsLeadOn(n *cluster.Node, addr string) error {
	want := cluster.HostsFile
	if addr != "" {
		want += "# BEGIN registry-failover\n" + addr + " " + cluster.Endpoint + "\n# END registry-failover\n"
	}
	got, err := os.ReadFile(n.Etc("hosts"))
	if err == nil && string(got) != want {
		err = fmt.Errorf("on %s it is %q, not %q", n.Name, got, want)
	}
	return err
}

// get fetches a page of a pod.
func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	var body strings.Builder
	if err := response.Write(&body); err != nil {
		return "", err
	}
	_, text, _ := strings.Cut(body.String(), "\r\n\r\n")
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", url, response.Status, text)
	}
	return text, nil
}

// report shows what people would look at after a failure, and keeps the pods' logs.
func (s *scenario) report(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{"get", "pods", "-A", "-o", "wide"},
		{"-n", namespace, "get", "events", "--sort-by=.lastTimestamp"},
		{"-n", shop, "get", "events", "--sort-by=.lastTimestamp"},
		{"-n", namespace, "get", "configmaps,leases", "-o", "yaml"},
		{"-n", namespace, "logs", "-l", "app.kubernetes.io/part-of=registry-failover", "--prefix", "--tail=40"},
	} {
		output, err := node.Kubectl(context.WithoutCancel(t.Context()), args...)
		t.Logf("kubectl %s\n%s%v", strings.Join(args, " "), output, err)
	}
}

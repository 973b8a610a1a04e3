package e2e

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// goCachesHosts is how long a program in Go, as containerd is, may go by what
// it last read from the hosts file.
const goCachesHosts = 5 * time.Second

func (s *scenario) failOver(t *testing.T) {
	throw(t, "hangzhou")
	awaitHosts(t, node.Hangzhou.Internal.String())
	awaitRuntime(t, node.Hangzhou.Internal.String())
	newPull(t, "after-failover", "hangzhou")
	s.untouched(t)
}

func (s *scenario) failBack(t *testing.T) {
	throw(t, "privatezone")
	awaitHosts(t, "")
	awaitRuntime(t, node.Zhangjiakou.Internal.String())
	newPull(t, "after-failback", "zhangjiakou")
	s.untouched(t)
}

// nodeResolves looks the endpoint up as containerd does.
func nodeResolves(ctx context.Context) ([]string, error) {
	addrs, err := (&net.Resolver{PreferGo: true}).LookupHost(ctx, cluster.Endpoint)
	slices.Sort(addrs)
	return addrs, err
}

// awaitRuntime waits until a Go program on the node resolves addr, and as long
// as another may lag behind it.
func awaitRuntime(t *testing.T, addr string) {
	t.Helper()
	changed := time.Now()
	await(t, "the node resolves "+addr, 2*goCachesHosts, func(ctx context.Context) error {
		got, err := nodeResolves(ctx)
		if err != nil {
			return err
		}
		if !slices.Equal(got, []string{addr}) {
			return fmt.Errorf("it resolves %v", got)
		}
		if left := goCachesHosts - time.Since(changed); left > 0 {
			return fmt.Errorf("containerd may go by the old file for %s", left)
		}
		return nil
	})
}

// refuseWrongWords tries what isn't valid, as a person would.
func (s *scenario) refuseWrongWords(t *testing.T) {
	const words = "write one of privatezone, hangzhou, hangzhou/internal, hangzhou/public, zhangjiakou, zhangjiakou/internal, zhangjiakou/public"
	for word, remedy := range map[string]string{
		"hangzou": words, "": words, "to: hangzou\nreason: a drill": words,
		"to: hangzhou\nshare: 10": "from is missing",
	} {
		output, err := node.Kubectl(t.Context(), "-n", namespace, "patch", "configmap", "registry-failover", "--type", "merge",
			"-p", fmt.Sprintf(`{"data":{%q:%q}}`, cluster.Endpoint, word))
		if err == nil {
			t.Errorf("%q was taken: %s", word, output)
			continue
		}
		t.Log(err)
		if !strings.Contains(err.Error(), remedy) {
			t.Errorf("the sentence for %q doesn't say %q: %v", word, remedy, err)
		}
	}
	awaitSwitch(t, "hangzhou")
	awaitHosts(t, node.Hangzhou.Internal.String())
}

// upgrade changes something else during a failover.
func (s *scenario) upgrade(t *testing.T) {
	s.runHelm(t, "upgrade", "--set", "webhook.resources.requests.cpu=60m")
	awaitRollouts(t)
	awaitSwitch(t, "hangzhou")
	awaitHosts(t, node.Hangzhou.Internal.String())
	awaitAnswers(t, node.Hangzhou.Internal.String())
}

func (s *scenario) refuseDeletion(t *testing.T) {
	for _, args := range [][]string{
		{"delete", "configmap", "registry-failover"},
		{"patch", "configmap", "registry-failover", "--type", "json", "-p", `[{"op":"remove","path":"/data"}]`},
	} {
		output, err := node.Kubectl(t.Context(), append([]string{"-n", namespace}, args...)...)
		if err == nil {
			t.Fatalf("kubectl %s: %s", strings.Join(args, " "), output)
		}
		t.Log(err)
		if !strings.Contains(err.Error(), "privatezone") {
			t.Errorf("the sentence doesn't say what to do: %v", err)
		}
	}
	awaitSwitch(t, "hangzhou")
}

// restoreSwitch deletes the policy's binding first, which takes a moment to be noticed.
func (s *scenario) restoreSwitch(t *testing.T) {
	switches := node.Client.CoreV1().ConfigMaps(namespace)
	old, err := switches.Get(t.Context(), "registry-failover", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kubectl(t, "delete", "validatingadmissionpolicybinding", "registry-failover-switch")
	await(t, "the switch is deleted past the policy", 30*time.Second, func(ctx context.Context) error {
		return switches.Delete(ctx, "registry-failover", metav1.DeleteOptions{})
	})
	await(t, "the switch is there again", 30*time.Second, func(ctx context.Context) error {
		restored, err := switches.Get(ctx, "registry-failover", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if restored.UID == old.UID {
			return fmt.Errorf("it is the old one")
		}
		if got := restored.Data[cluster.Endpoint]; got != "hangzhou" {
			t.Fatalf("the switch came back with %q", got)
		}
		return nil
	})
	awaitHosts(t, node.Hangzhou.Internal.String())
}

package e2e

import (
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// uninstall compares every object there is with what was there before.
func (s *scenario) uninstall(t *testing.T) {
	throw(t, "hangzhou")
	awaitHosts(t, node.Hangzhou.Internal.String())
	if output, err := s.runUninstall(t); err == nil {
		t.Errorf("an installation was removed during a failover: %s", output)
	}
	awaitHosts(t, node.Hangzhou.Internal.String())
	throw(t, "privatezone")
	awaitHosts(t, "")
	begin := time.Now()
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	t.Logf("helm uninstall took %.1f s", time.Since(begin).Seconds())
	if got := hostsFile(t); got != cluster.HostsFile {
		t.Errorf("the node's hosts file is %q", got)
	}
	kubectl(t, "-n", shop, "delete", "deployment/web")
	s.awaitNothingLeft(t)
}

func (s *scenario) runUninstall(t *testing.T) (string, error) {
	t.Helper()
	return node.Helm(t.Context(), s.helm, "uninstall", "registry-failover", "--namespace", namespace, "--wait", "--timeout", "4m")
}

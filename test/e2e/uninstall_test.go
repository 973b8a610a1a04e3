package e2e

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/test/cluster"
)

// uninstall is refused during a failover. With helm 3 it is forced then, so
// that the nodes have a block to remove; with helm 4 a failback comes first.
// Then every object there is, the node's /etc and CoreDNS's configuration are
// compared with what was there before.
func (s *scenario) uninstall(t *testing.T) {
	throw(t, "hangzhou")
	awaitHosts(t, node.Hangzhou.Internal.String())
	if output, err := s.runUninstall(t); err == nil {
		t.Errorf("an installation was removed during a failover: %s", output)
	}
	said := kubectl(t, "-n", namespace, "logs", "job/registry-failover-uninstall")
	if remedy := "annotate --overwrite configmap registry-failover registry-failover.io/uninstall=force"; !strings.Contains(said, remedy) {
		t.Errorf("the hook doesn't say what to do: %q", said)
	}
	awaitHosts(t, node.Hangzhou.Internal.String())
	s.goOn(t)
	if s.helm == 3 {
		kubectl(t, "-n", namespace, "annotate", "--overwrite", "configmap", "registry-failover", "registry-failover.io/uninstall=force")
	} else {
		throw(t, "privatezone")
		awaitHosts(t, "")
	}
	begin := time.Now()
	if _, err := s.runUninstall(t); err != nil {
		t.Fatal(err)
	}
	t.Logf("helm uninstall took %.1f s", time.Since(begin).Seconds())
	if got := hostsFile(t); got != cluster.HostsFile {
		t.Errorf("the node's hosts file is %q", got)
	}
	if diff := cmp.Diff(s.etc, files(t, "/etc")); diff != "" {
		t.Errorf("the node's /etc (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(s.corefile, corefile(t)); diff != "" {
		t.Errorf("CoreDNS's configuration (-before +after):\n%s", diff)
	}
	kubectl(t, "-n", shop, "delete", "deployment/web")
	s.awaitNothingLeft(t)
}

// goOn keeps the release after all, as docs/chart.md tells.
func (s *scenario) goOn(t *testing.T) {
	t.Helper()
	status := func() (revision int, state string) {
		text, err := node.Helm(t.Context(), s.helm, "status", "registry-failover", "--namespace", namespace, "--output", "json")
		if err != nil {
			t.Fatal(err)
		}
		var release struct {
			Version int
			Info    struct{ Status string }
		}
		if err := json.Unmarshal([]byte(text), &release); err != nil {
			t.Fatal(err)
		}
		return release.Version, release.Info.Status
	}
	revision, state := status()
	if state == "deployed" {
		t.Errorf("helm takes the release for %s: the page on the chart says otherwise", state)
	}
	if _, err := node.Helm(t.Context(), s.helm, "rollback", "registry-failover", strconv.Itoa(revision), "--namespace", namespace, "--wait"); err != nil {
		t.Fatal(err)
	}
	if _, state := status(); state != "deployed" {
		t.Errorf("after a rollback helm takes the release for %s", state)
	}
	awaitSwitch(t, "hangzhou")
	awaitHosts(t, node.Hangzhou.Internal.String())
}

func (s *scenario) runUninstall(t *testing.T) (string, error) {
	t.Helper()
	return node.Helm(t.Context(), s.helm, "uninstall", "registry-failover", "--namespace", namespace, "--wait", "--timeout", "4m")
}

// files lists all there are below a directory.
func files(t *testing.T, below string) []string {
	t.Helper()
	var found []string
	if err := filepath.WalkDir(below, func(path string, _ fs.DirEntry, err error) error {
		found = append(found, path)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return found
}

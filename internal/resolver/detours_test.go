package resolver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDetoursAreReportedOnceAndUntilTheyAreGone(t *testing.T) {
	inBubble(t, nil, func(b *bench) {
		b.read <- read("hangzhou", "-")
		settle()
		if got := b.one("a failover").Findings; len(got) > 0 {
			t.Errorf("it found %q", got)
		}
		must(t, os.MkdirAll(filepath.Join(b.dir, "etc/containerd/certs.d/_default"), 0o755))
		b.write("etc/containerd/certs.d/_default/hosts.toml", "server = 'https://mirror.example.com'\n")
		time.Sleep(time.Minute)
		if got := b.one("a mirror").Findings; len(got) != 1 || !strings.HasPrefix(got[0], "containerd asks https://mirror.example.com for "+name) {
			t.Errorf("it found %q", got)
		}
		if got := b.metric("registry_failover_node_detours", "hosts.toml"); got != 1 {
			t.Errorf("node_detours of hosts.toml is %v", got)
		}
		if got := b.metric("registry_failover_node_detours", "proxy"); got != 0 {
			t.Errorf("node_detours of proxy is %v", got)
		}
		if got := b.log.count("containerd asks"); got != 1 {
			t.Errorf("it was logged %d times", got)
		}
		must(t, os.RemoveAll(filepath.Join(b.dir, "etc/containerd")))
		time.Sleep(time.Minute)
		if got := b.one("no mirror").Findings; len(got) > 0 {
			t.Errorf("it found %q", got)
		}
		if got := b.metric("registry_failover_node_detours", "hosts.toml"); got != 0 {
			t.Errorf("node_detours of hosts.toml is %v", got)
		}
	})
}

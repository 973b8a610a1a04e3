package detours_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/detours"
)

const (
	endpoint = "cross-region.registry.io"
	certs    = "containerd/certs.d/"
	dropIn   = "systemd/system/containerd.service.d/http-proxy.conf"
)

// etc makes a file system of names and contents.
func etc(files ...string) fstest.MapFS {
	tree := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		tree[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return tree
}

func TestFind(t *testing.T) {
	const mirror = "server = \"https://cross-region.registry.io\"\n\n[host.\"https://user:secret@mirror.example.com:5000/v2\"]\n  capabilities = [\"pull\"]\n"
	mirrored := func(file string) string {
		return "containerd asks https://mirror.example.com:5000/v2 for " + endpoint + ", as /etc/" + file + "/hosts.toml says: pulls don't go by the hosts file there"
	}
	proxied := func(proxy, file string) string {
		return "containerd pulls from " + endpoint + " through the proxy " + proxy + " of /etc/" + file + ", where the name is resolved: add it to NO_PROXY there"
	}
	for sentence, test := range map[string]struct {
		etc  fstest.MapFS
		want []string
	}{
		"nothing":                         {etc(), nil},
		"a mirror for the endpoint":       {etc(certs+endpoint+"/hosts.toml", mirror), []string{mirrored(certs + endpoint)}},
		"a mirror for every registry":     {etc(certs+"_default/hosts.toml", mirror), []string{mirrored(certs + "_default")}},
		"the endpoint's own comes first":  {etc(certs+"_default/hosts.toml", mirror, certs+endpoint+"/hosts.toml", "ca = \"/etc/ca.pem\"\n"), nil},
		"a mirror for another registry":   {etc(certs+"docker.io/hosts.toml", mirror), nil},
		"the endpoint itself, port named": {etc(certs+endpoint+"/hosts.toml", "server = 'https://Cross-Region.registry.io:443'\n[host.'https://cross-region.registry.io/v2']\n"), nil},
		"a setting of a host only":        {etc(certs+endpoint+"/hosts.toml", "[host.\"https://cross-region.registry.io\".header]\n  server = \n# [host.\"https://mirror\"]\n"), nil},
		"another server":                  {etc(certs+endpoint+"/hosts.toml", strings.ReplaceAll(mirror, "cross-region", "b")), []string{strings.Replace(mirrored(certs+endpoint), "asks ", "asks https://b.registry.io, ", 1)}},
		"a directory that the configuration names": {
			etc("containerd/config.toml", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/cert.d\"\n", "containerd/cert.d/_default/hosts.toml", mirror),
			[]string{mirrored("containerd/cert.d/_default")},
		},
		"a configuration without a directory":   {etc("containerd/config.toml", "config_path = ''\n", certs+"_default/hosts.toml", mirror), nil},
		"a directory that can't be looked into": {etc("containerd/config.toml", "config_path = '/opt/certs.d'\n", certs+"_default/hosts.toml", mirror), nil},
		"one of two in an imported file": {
			etc("containerd/conf.d/10-registry.toml", "config_path = '/opt/x:/etc/mirrors/'\n", "mirrors/_default/hosts.toml", mirror),
			[]string{mirrored("mirrors/_default")},
		},
		"a proxy": {
			etc(dropIn, "[Service]\nEnvironment=\"HTTPS_PROXY=http://user:secret@proxy.example.com:3128\" 'NO_PROXY=10.0.0.0/8,.aliyuncs.com'\n"),
			[]string{proxied("proxy.example.com:3128", dropIn)},
		},
		"a proxy in small letters":           {etc("systemd/system/containerd.service", "[Service]\nEnvironment=https_proxy=proxy:80\n"), []string{proxied("proxy:80", "systemd/system/containerd.service")}},
		"a proxy that leaves the domain out": {etc(dropIn, "[Service]\nEnvironment=HTTPS_PROXY=http://proxy:80 \\\n  NO_PROXY=localhost,.registry.io\n"), nil},
		"a proxy for http only":              {etc(dropIn, "[Service]\nEnvironment=HTTP_PROXY=http://proxy:80\n"), nil},
		"a comment and another section":      {etc(dropIn, "[Unit]\nEnvironment=HTTPS_PROXY=http://proxy:80\n[Service]\n#Environment=HTTPS_PROXY=http://proxy:80\n"), nil},
		"a later drop-in takes it away": {
			etc(dropIn, "[Service]\nEnvironment=HTTPS_PROXY=http://proxy:80\n", "systemd/system/service.d/zz.conf", "[Service]\nEnvironment=\n"), nil,
		},
		"a file of variables": {
			etc("systemd/system/containerd.service", "[Service]\nEnvironmentFile=-/etc/sysconfig/containerd\n", "sysconfig/containerd", "# proxy\nHTTPS_PROXY=\"http://proxy:80\"\n"),
			[]string{proxied("proxy:80", "sysconfig/containerd")},
		},
		"a proxy of another service": {etc("systemd/system/kubelet.service.d/proxy.conf", "[Service]\nEnvironment=HTTPS_PROXY=http://proxy:80\n"), nil},
		"a file that is too long":    {etc(certs+"_default/hosts.toml", mirror+strings.Repeat("#", 256<<10)), nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			var got []string
			for _, d := range detours.Find(test.etc, []string{endpoint}) {
				got = append(got, d.Text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A symbolic link out of the directory isn't followed: on the node it would
// lead elsewhere than it does here.
func TestInStaysInTheDirectory(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(outside, "hosts.toml"), []byte("server = 'https://mirror'\n"), 0o644),
		os.MkdirAll(filepath.Join(dir, certs), 0o755),
		os.Symlink(outside, filepath.Join(dir, certs, "_default")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := detours.In(dir, []string{endpoint}); len(got) > 0 || err != nil {
		t.Errorf("%v %v", got, err)
	}
	if _, err := detours.In(filepath.Join(dir, "none"), nil); err == nil || !strings.Contains(err.Error(), "/etc can't be looked into") {
		t.Errorf("a directory that isn't there: %v", err)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("config_path = '/etc/x'", "server = 'https://mirror'", "[Service]\nEnvironment=HTTPS_PROXY=http://[::1%25]:80\\")
	f.Add("", "[host.\"://@/\"]", "[Service]\nEnvironment=\"HTTPS_PROXY='x")
	f.Fuzz(func(t *testing.T, config, hosts, unit string) {
		tree := etc("containerd/config.toml", config, "x/_default/hosts.toml", hosts, certs+"_default/hosts.toml", hosts, dropIn, unit)
		first, again := detours.Find(tree, []string{endpoint}), detours.Find(tree, []string{endpoint})
		if diff := cmp.Diff(first, again); diff != "" {
			t.Error(diff)
		}
	})
}

package main

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestPushedImagesCanBePulledByPlatform(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // not the credentials of whoever tests
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://") + "/demo"

	root := repository(t)
	listed := images(t, root, "--registry", host, "--tag", "v1", "--push")

	want := map[string]string{
		"org.opencontainers.image.version":  "v1",
		"org.opencontainers.image.revision": git(t, root, "rev-parse", "HEAD"),
		"org.opencontainers.image.source":   "https://github.com/registry-failover/registry-failover",
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
	for line := range strings.SplitSeq(strings.TrimSpace(listed), "\n") {
		_, digest, _ := strings.Cut(line, "@")
		tag := strings.TrimSuffix(line, "@"+digest)
		reference, err := name.ParseReference(tag)
		if err != nil {
			t.Fatal(err)
		}
		descriptor, err := remote.Head(reference)
		if err != nil || descriptor.Digest.String() != digest {
			t.Errorf("%s is %v, %v, but %s was printed", tag, descriptor, err, digest)
		}
		image, err := remote.Image(reference, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "arm64"}))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image); err != nil {
			t.Error(err)
		}
		configuration, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if configuration.Architecture != "arm64" {
			t.Errorf("%s for arm64 is for %s", tag, configuration.Architecture)
		}
		if diff := cmp.Diff(want, configuration.Config.Labels); diff != "" {
			t.Errorf("labels of %s (-want +got):\n%s", tag, diff)
		}
	}
}

func TestARegistryThatIsAwayIsNamed(t *testing.T) {
	server := httptest.NewServer(nil)
	host := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	o, err := parse([]string{"--registry", host, "--tag", "v1", "--platforms", "linux/amd64", "--push"})
	if err != nil {
		t.Fatal(err)
	}
	var listed strings.Builder
	err = run(t.Context(), repository(t), o, &listed, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "could not push the images") || !strings.Contains(err.Error(), host) {
		t.Errorf("got %v", err)
	}
	if listed.Len() > 0 {
		t.Errorf("digests are printed all the same: %s", &listed)
	}
}

func TestLoadCallsTheGivenCommand(t *testing.T) {
	dir := t.TempDir()
	ctr := filepath.Join(dir, "ctr")
	if err := os.WriteFile(ctr, []byte("#!/bin/sh\necho \"$@\" >"+dir+"/words; cat >"+dir+"/archive\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(dir, "images.tar")
	images(t, repository(t), "--registry", "localhost", "--tag", "v1", "--platforms", "linux/amd64",
		"--load", "--ctr", ctr+"  --address /run/containerd.sock", "--output", output)
	words, err := os.ReadFile(dir + "/words")
	if want := "--address /run/containerd.sock --namespace k8s.io images import -\n"; err != nil || string(words) != want {
		t.Errorf("got %q, %v", words, err)
	}
	loaded, err := os.ReadFile(dir + "/archive")
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	if string(loaded) != string(written) {
		t.Error("--load and --output differ")
	}
}

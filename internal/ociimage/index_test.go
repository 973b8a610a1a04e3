package ociimage

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestAnIndexNamesThePlatformOfEachImage(t *testing.T) {
	index, err := Index(annotations,
		build(t, "web", elf.EM_X86_64, Options{Architecture: "amd64"}),
		build(t, "web", elf.EM_AARCH64, Options{Architecture: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(annotations, manifest.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestAnIndexHasOneImageForAPlatform(t *testing.T) {
	image := build(t, "web", elf.EM_X86_64, Options{Architecture: "amd64"})
	_, err := Index(nil, image, image)
	if err == nil || !strings.Contains(err.Error(), "two images for linux/amd64") {
		t.Errorf("got %v", err)
	}
}

package ociimage

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Index makes one image for several platforms of one image for each, in the
// order given. Two for the same platform are an error: no runtime would take
// the second.
func Index(annotations map[string]string, images ...v1.Image) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	seen := map[string]bool{}
	for _, img := range images {
		configuration, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		platform := configuration.Platform()
		if seen[platform.String()] {
			return nil, fmt.Errorf("two images for %s: give one for each platform", platform)
		}
		seen[platform.String()] = true
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: platform},
		})
	}
	return mutate.Annotations(index, annotations).(v1.ImageIndex), nil
}

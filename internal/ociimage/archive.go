package ociimage

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/distribution/reference"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The annotations of index.json that give an image its name. The first is the
// image specification's, which skopeo and podman read; containerd prefers the
// second, its own.
const (
	refNameAnnotation        = "org.opencontainers.image.ref.name"
	containerdNameAnnotation = "io.containerd.image.name"
)

// WriteArchive writes a tar of an OCI image layout with images by name. An image
// is a v1.Image or a v1.ImageIndex; a name is complete, HOST/PATH:TAG, because
// containerd takes it as it is. The same images give the same bytes. A blob that
// several images share is there once.
func WriteArchive[Image mutate.Appendable](w io.Writer, images map[string]Image) error {
	if err := checkNames(slices.Sorted(maps.Keys(images))); err != nil {
		return err
	}
	content := blobs{}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, name := range slices.Sorted(maps.Keys(images)) {
		descriptor, err := content.add(images[name])
		if err != nil {
			return fmt.Errorf("could not collect the image %s: %w", name, err)
		}
		descriptor.Annotations = map[string]string{refNameAnnotation: name, containerdNameAnnotation: name}
		index.Manifests = append(index.Manifests, descriptor)
	}
	table, err := json.Marshal(index)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	if err := writeFile(archive, "oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	if err := writeFile(archive, "index.json", 0o644, table); err != nil {
		return err
	}
	if err := content.write(archive); err != nil {
		return err
	}
	return archive.Close()
}

// checkNames refuses names that a runtime would read as others.
func checkNames(names []string) error {
	if len(names) == 0 {
		return errors.New("there are no images to write: name at least one")
	}
	for _, name := range names {
		parsed, err := reference.ParseNormalizedNamed(name)
		if err != nil {
			return fmt.Errorf("image name %q: %w", name, err)
		}
		if _, tagged := parsed.(reference.Tagged); !tagged || parsed.String() != name {
			return fmt.Errorf("image name %q is not complete: write HOST/PATH:TAG, such as localhost/web:v1", name)
		}
	}
	return nil
}

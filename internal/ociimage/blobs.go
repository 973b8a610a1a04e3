package ociimage

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// blobs are what an image layout keeps under blobs/, by digest.
type blobs map[v1.Hash]blob

type blob struct {
	size int64
	open func() (io.ReadCloser, error)
}

// add collects an image, or an index with all its images, and returns the
// descriptor of its manifest.
func (b blobs) add(image mutate.Appendable) (v1.Descriptor, error) {
	var err error
	switch image := image.(type) {
	case v1.ImageIndex:
		err = b.addIndex(image)
	case v1.Image:
		err = b.addImage(image)
	default:
		err = fmt.Errorf("%T is no v1.Image and no v1.ImageIndex", image)
	}
	if err != nil {
		return v1.Descriptor{}, err
	}
	mediaType, typeErr := image.MediaType()
	digest, digestErr := image.Digest()
	size, sizeErr := image.Size()
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: size}, errors.Join(typeErr, digestErr, sizeErr)
}

func (b blobs) addIndex(index v1.ImageIndex) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			return err
		}
		if err := b.addImage(image); err != nil {
			return err
		}
	}
	return b.addBytes(index.RawManifest())
}

func (b blobs) addImage(image v1.Image) error {
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		descriptor, err := partial.Descriptor(l)
		if err != nil {
			return err
		}
		b[descriptor.Digest] = blob{descriptor.Size, l.Compressed}
	}
	return errors.Join(b.addBytes(image.RawConfigFile()), b.addBytes(image.RawManifest()))
}

// addBytes takes what a function returned, its error too.
func (b blobs) addBytes(content []byte, err error) error {
	if err != nil {
		return err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(content))
	b[digest] = blob{size, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
	return err
}

// write writes the directories and, sorted, the files.
func (b blobs) write(archive *tar.Writer) error {
	for _, dir := range []string{"blobs/", "blobs/sha256/"} {
		header := fileHeader(dir, 0o755, 0)
		header.Typeflag = tar.TypeDir
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
	}
	byText := func(x, y v1.Hash) int { return strings.Compare(x.String(), y.String()) }
	for _, digest := range slices.SortedFunc(maps.Keys(b), byText) {
		if err := b[digest].write(archive, "blobs/"+digest.Algorithm+"/"+digest.Hex); err != nil {
			return fmt.Errorf("could not write blob %s: %w", digest, err)
		}
	}
	return nil
}

func (b blob) write(archive *tar.Writer, name string) error {
	content, err := b.open()
	if err != nil {
		return err
	}
	defer content.Close()
	if err := archive.WriteHeader(fileHeader(name, 0o644, b.size)); err != nil {
		return err
	}
	_, err = io.Copy(archive, content)
	return err
}

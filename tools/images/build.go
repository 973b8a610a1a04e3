package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/registry-failover/registry-failover/internal/ociimage"
)

// build gives an image for each program by its name: an index where there are
// several platforms, else the image itself.
func build(ctx context.Context, root string, o options, stderr io.Writer) (_ map[string]mutate.Appendable, err error) {
	names, err := programs(root)
	if err != nil {
		return nil, err
	}
	var packages []string
	for _, program := range names {
		packages = append(packages, "./cmd/"+program)
	}
	dir, err := os.MkdirTemp("", "registry-failover-images-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	built := map[string][]v1.Image{}
	for _, architecture := range o.architectures {
		fmt.Fprintln(stderr, "building for linux/"+architecture)
		out := filepath.Join(dir, architecture)
		if err := compile(ctx, root, architecture, o.tag, out, stderr, packages...); err != nil {
			return nil, err
		}
		for _, program := range names {
			image, err := ociimage.BuildFromBinary(filepath.Join(out, program), ociimage.Options{
				Architecture: architecture, Annotations: o.annotations(),
			})
			if err != nil {
				return nil, err
			}
			built[program] = append(built[program], image)
		}
	}
	images := map[string]mutate.Appendable{}
	for program, platforms := range built {
		if len(platforms) == 1 {
			images[o.imageName(program)] = platforms[0]
			continue
		}
		index, err := ociimage.Index(o.annotations(), platforms...)
		if err != nil {
			return nil, err
		}
		images[o.imageName(program)] = index
	}
	return images, nil
}

// annotations tell what an image was made of.
func (o options) annotations() map[string]string {
	return map[string]string{
		"org.opencontainers.image.version":  o.tag,
		"org.opencontainers.image.revision": o.revision,
		"org.opencontainers.image.source":   "https://" + module,
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/registry-failover/registry-failover/internal/ociimage"
)

// writeFile writes an archive beside path and renames it, so that nobody takes a
// part of one for all.
func writeFile(path string, images map[string]mutate.Appendable) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // it is gone when all went well
	err = ociimage.WriteArchive(file, images)
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return fmt.Errorf("could not write %s: %w", path, err)
	}
	return os.Rename(file.Name(), path)
}

// push puts all images where their names lead. The blobs go before the
// manifests, and the credentials are those that docker login, or a credential
// helper, keeps.
func push(ctx context.Context, images map[string]mutate.Appendable) error {
	targets := map[name.Reference]remote.Taggable{}
	for imageName, image := range images {
		reference, err := name.NewTag(imageName, name.StrictValidation)
		if err != nil {
			return err
		}
		taggable, ok := image.(remote.Taggable)
		if !ok {
			return fmt.Errorf("%s: %T has no manifest to push", imageName, image)
		}
		targets[reference] = taggable
	}
	err := remote.MultiWrite(targets, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return fmt.Errorf("could not push the images: %w", err)
	}
	return nil
}

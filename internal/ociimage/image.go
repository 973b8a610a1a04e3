package ociimage

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// NonRoot is the user, and the group, of a program that needs no rights on its
// node. It is a number because the kubelet can't tell that a name isn't root's.
const NonRoot = "65532:65532"

// Options say what image is made of a program.
type Options struct {
	// Architecture is amd64 or arm64. The operating system is Linux.
	Architecture string
	// Program is its name in the image's root directory, and with a slash before
	// it the entrypoint. Empty is the name of the file.
	Program string
	// User is "uid:gid", in numbers. Empty is NonRoot.
	User string
	// Annotations are set on the manifest, and as labels in the configuration,
	// where a container runtime shows them. The image specification names some:
	// org.opencontainers.image.version, .source, .revision, .licenses.
	Annotations map[string]string
	// Uncompressed leaves the layer as it is: two to three times as large, and
	// made in no time. Compressing it is what takes long, under the race detector
	// most of all.
	Uncompressed bool
}

// BuildFromBinary makes an image of a program: that file alone, mode 0755,
// owned by root. It refuses one that isn't a static ELF program for the
// architecture. The file is read once and may go away afterwards.
func BuildFromBinary(path string, o Options) (v1.Image, error) {
	if o.Program == "" {
		o.Program = filepath.Base(path)
	}
	if o.User == "" {
		o.User = NonRoot
	}
	if _, known := machines[o.Architecture]; !known {
		return nil, fmt.Errorf("architecture %q: one of %s", o.Architecture, strings.Join(slices.Sorted(maps.Keys(machines)), ", "))
	}
	if strings.Contains(o.Program, "/") {
		return nil, fmt.Errorf("program %q: its name has a slash, but the image has no directory: give a plain name", o.Program)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := refuse(content, o.Architecture); err != nil {
		return nil, fmt.Errorf("%s is %w", path, err)
	}
	layer, err := newLayer(o.Program, content, o)
	if err != nil {
		return nil, fmt.Errorf("could not make a layer of %s: %w", path, err)
	}
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, o.configuration())
	if err != nil {
		return nil, err
	}
	img, err = mutate.Append(img, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: v1.Time{Time: epoch}, CreatedBy: "COPY " + o.Program + " /"},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(img, o.Annotations).(v1.Image), nil
}

func (o Options) configuration() *v1.ConfigFile {
	return &v1.ConfigFile{
		OS:           "linux",
		Architecture: o.Architecture,
		Created:      v1.Time{Time: epoch},
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: []string{"/" + o.Program},
			User:       o.User,
			WorkingDir: "/",
			Labels:     o.Annotations,
		},
	}
}

package ociimage

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// several gives an index for two platforms, and an image that it shares.
func several(t *testing.T) map[string]mutate.Appendable {
	t.Helper()
	image := build(t, "web", elf.EM_X86_64, Options{Architecture: "amd64"})
	index, err := Index(nil, image, build(t, "web", elf.EM_AARCH64, Options{Architecture: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]mutate.Appendable{
		"registry.k8s.io/pause:3.10":  build(t, "pause", elf.EM_X86_64, Options{Architecture: "amd64"}),
		"localhost:5000/demo/web:v1":  index,
		"localhost:5000/demo/web:one": image,
	}
}

// TestAnArchiveIsAnImageLayout reads it back with the layout package.
func TestAnArchiveIsAnImageLayout(t *testing.T) {
	images := several(t)
	var archive bytes.Buffer
	if err := WriteArchive(&archive, images); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(extract(t, &archive))
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
	// What containerd goes by: the name that is set, and the media type of what it leads to.
	type entry struct{ Containerd, RefName, Digest string }
	var got, want []entry
	for _, m := range manifest.Manifests {
		got = append(got, entry{m.Annotations["io.containerd.image.name"], m.Annotations["org.opencontainers.image.ref.name"], m.Digest.String()})
		if mediaType, _ := images[m.Annotations["io.containerd.image.name"]].MediaType(); m.MediaType != mediaType {
			t.Errorf("%s has the media type %s", m.Annotations["io.containerd.image.name"], m.MediaType)
		}
	}
	for _, name := range []string{"localhost:5000/demo/web:one", "localhost:5000/demo/web:v1", "registry.k8s.io/pause:3.10"} {
		want = append(want, entry{name, name, digestOf(t, images[name])})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if manifest.MediaType != types.OCIImageIndex || manifest.SchemaVersion != 2 {
		t.Errorf("index.json is %s, version %d", manifest.MediaType, manifest.SchemaVersion)
	}
}

func TestAnArchiveIsTheSameEachTime(t *testing.T) {
	var first, second bytes.Buffer
	for _, archive := range []*bytes.Buffer{&first, &second} {
		if err := WriteArchive(archive, several(t)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("it differs")
	}
	var names []string
	for files := tar.NewReader(&first); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(time.Unix(0, 0)) || header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s tells of the machine: %+v", header.Name, header)
		}
		names = append(names, header.Name)
	}
	if !slices.IsSorted(names[2:]) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or a file twice: %q", names)
	}
}

func TestImagesOfOneTypeNeedNoConversion(t *testing.T) {
	var general, special bytes.Buffer
	image := build(t, "web", elf.EM_X86_64, Options{Architecture: "amd64"})
	if err := errors.Join(
		WriteArchive(&general, map[string]mutate.Appendable{"localhost/web:v1": image}),
		WriteArchive(&special, map[string]v1.Image{"localhost/web:v1": image}),
	); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(general.Bytes(), special.Bytes()) {
		t.Error("the archives differ")
	}
}

func TestNamesMustBeComplete(t *testing.T) {
	image, err := random.Image(10, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"web:v1":                 "is not complete",
		"localhost/web":          "is not complete",
		"index.docker.io/a/b:v1": "is not complete",
		"localhost/Web:v1":       "must be lowercase",
		"":                       "invalid reference format",
	} {
		err := WriteArchive(io.Discard, map[string]mutate.Appendable{name: image})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
	if err := WriteArchive(io.Discard, map[string]mutate.Appendable{}); err == nil {
		t.Error("an archive without images is no error")
	}
}

func TestADiskThatIsFullIsReportedOnce(t *testing.T) {
	err := WriteArchive(full{}, several(t))
	if !errors.Is(err, errFull) || strings.Count(err.Error(), errFull.Error()) != 1 {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// extract unpacks an archive into a new directory.
func extract(t *testing.T, archive io.Reader) string {
	t.Helper()
	dir := t.TempDir()
	for files := tar.NewReader(archive); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return dir
		} else if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(header.Name))
		if header.Typeflag == tar.TypeDir {
			err = os.Mkdir(path, 0o755)
		} else {
			var content []byte
			if content, err = io.ReadAll(files); err == nil {
				err = os.WriteFile(path, content, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

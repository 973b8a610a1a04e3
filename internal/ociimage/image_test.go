package ociimage

import (
	"archive/tar"
	"compress/gzip"
	"debug/elf"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var annotations = map[string]string{"org.opencontainers.image.version": "v1", "org.opencontainers.image.licenses": "Apache-2.0"}

func TestTheSameBytesGiveTheSameDigest(t *testing.T) {
	o := Options{Architecture: "amd64", Annotations: annotations}
	first := digestOf(t, build(t, "web", elf.EM_X86_64, o))

	path := filepath.Join(t.TempDir(), "web")
	if err := os.WriteFile(path, program(elf.EM_X86_64), 0o777); err != nil {
		t.Fatal(err)
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(path))
	t.Setenv("TZ", "Asia/Shanghai")
	image, err := BuildFromBinary("web", o)
	if err != nil {
		t.Fatal(err)
	}
	if second := digestOf(t, image); second != first {
		t.Errorf("from another directory, with another mode and time: %s, first %s", second, first)
	}
}

// TestTheDigestIsTheSameOnEveryMachine pins the digest of the configuration,
// which covers the layer's files but not what a compressor makes of them.
func TestTheDigestIsTheSameOnEveryMachine(t *testing.T) {
	image := build(t, "web", elf.EM_X86_64, Options{Architecture: "amd64", Annotations: annotations})
	name, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	if want := "sha256:5cf7da5270503919fbf08589af349c70ea7ddfc11ed24c4b23819a5ac7853dd3"; name.String() != want {
		t.Errorf("the configuration is %s, want %s: every release's images would change", name, want)
	}
}

func TestEverythingThatIsGivenIsInTheDigest(t *testing.T) {
	seen := map[string]string{}
	for sentence, o := range map[string]Options{
		"as it is":           {},
		"another name":       {Program: "server"},
		"another user":       {User: "0:0"},
		"another annotation": {Annotations: annotations},
	} {
		o.Architecture = "amd64"
		digest := digestOf(t, build(t, "web", elf.EM_X86_64, o))
		if other, twice := seen[digest]; twice {
			t.Errorf("%s has the digest of %s", sentence, other)
		}
		seen[digest] = sentence
	}
}

func TestAnImageIsValidAndSaysHowToRunIt(t *testing.T) {
	image := build(t, "web", elf.EM_AARCH64, Options{Architecture: "arm64", Annotations: annotations})
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	got := []types.MediaType{manifest.MediaType, manifest.Config.MediaType, manifest.Layers[0].MediaType}
	want := []types.MediaType{types.OCIManifestSchema1, types.OCIConfigJSON, types.OCILayer}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("media types (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(annotations, manifest.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	configuration, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v1.Config{
		Entrypoint: []string{"/web"}, User: "65532:65532", WorkingDir: "/", Labels: annotations,
	}, configuration.Config); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if p := configuration.Platform().String(); p != "linux/arm64" {
		t.Errorf("the platform is %s", p)
	}
}

func TestNameAndUserCanBeChosen(t *testing.T) {
	image := build(t, "coredns_linux_amd64", elf.EM_X86_64, Options{Architecture: "amd64", Program: "coredns", User: "0:0"})
	configuration, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{Entrypoint: []string{"/coredns"}, User: "0:0", WorkingDir: "/"}
	if diff := cmp.Diff(want, configuration.Config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestANameWithASlashIsRefused(t *testing.T) {
	_, err := BuildFromBinary(write(t, "web", program(elf.EM_X86_64)), Options{Architecture: "amd64", Program: "bin/web"})
	if err == nil || !strings.Contains(err.Error(), `program "bin/web": its name has a slash`) {
		t.Errorf("got %v", err)
	}
}

func TestTheLayerHasOneFileOfRoots(t *testing.T) {
	image := build(t, "web", elf.EM_X86_64, Options{Architecture: "amd64"})
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 1 {
		t.Fatalf("%d layers", len(layers))
	}
	compressed, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer compressed.Close()
	zip, err := gzip.NewReader(compressed)
	if err != nil {
		t.Fatal(err)
	}
	if !zip.ModTime.IsZero() || zip.Name != "" || zip.Comment != "" {
		t.Errorf("gzip's header tells of the machine: %+v", zip.Header)
	}
	files := tar.NewReader(zip)
	header, err := files.Next()
	if err != nil {
		t.Fatal(err)
	}
	want := &tar.Header{
		Typeflag: tar.TypeReg, Name: "web", Mode: 0o755, Size: int64(len(program(elf.EM_X86_64))),
		ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if content, err := io.ReadAll(files); err != nil || string(content) != string(program(elf.EM_X86_64)) {
		t.Errorf("the file has other content (%v)", err)
	}
	if header, err := files.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("there is more: %v, %v", header, err)
	}
}

func TestAnUncompressedLayerHoldsTheSameFiles(t *testing.T) {
	o := Options{Architecture: "amd64"}
	compressed := build(t, "web", elf.EM_X86_64, o)
	o.Uncompressed = true
	image := build(t, "web", elf.EM_X86_64, o)
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if got := manifest.Layers[0].MediaType; got != types.OCIUncompressedLayer {
		t.Errorf("the layer's media type is %s", got)
	}
	// The configuration names the layer by what it holds, however it is packed.
	got, gotErr := image.ConfigName()
	want, wantErr := compressed.ConfigName()
	if err := errors.Join(gotErr, wantErr); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("the configuration is %s, compressed %s", got, want)
	}
}

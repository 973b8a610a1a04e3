package ociimage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// epoch is the time of everything, because no other is the same for everyone.
var epoch = time.Unix(0, 0).UTC()

// A layer keeps only its compressed bytes: programs are large, and there are several.
type layer struct {
	compressed     []byte
	digest, diffID v1.Hash
}

// newLayer gives a layer with one file in the root directory.
func newLayer(name string, content []byte, o Options) (v1.Layer, error) {
	if o.Uncompressed {
		return newUncompressedLayer(name, content)
	}
	var compressed bytes.Buffer
	uncompressed := sha256.New()
	// Its header is left alone, and so has no name and no time. The best level
	// takes twice the time for 0.3 percent.
	zip := gzip.NewWriter(&compressed)
	files := tar.NewWriter(io.MultiWriter(zip, uncompressed))
	err := writeFile(files, name, 0o755, content)
	if err := errors.Join(err, files.Close(), zip.Close()); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(compressed.Bytes())
	return partial.CompressedToLayer(&layer{
		compressed: compressed.Bytes(),
		digest:     hash(digest[:]),
		diffID:     hash(uncompressed.Sum(nil)),
	})
}

func newUncompressedLayer(name string, content []byte) (v1.Layer, error) {
	var archive bytes.Buffer
	files := tar.NewWriter(&archive)
	err := writeFile(files, name, 0o755, content)
	if err := errors.Join(err, files.Close()); err != nil {
		return nil, err
	}
	return static.NewLayer(archive.Bytes(), types.OCIUncompressedLayer), nil
}

func hash(sum []byte) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum)} }

// Digest implements [partial.CompressedLayer], as the next three do.
func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) Size() (int64, error)                { return int64(len(l.compressed)), nil }
func (l *layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.compressed)), nil
}

// DiffID implements [partial.WithDiffID], which saves decompressing.
func (l *layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// writeFile writes a file of root's, with nothing in its header that depends on
// the machine or the moment.
func writeFile(files *tar.Writer, name string, mode int64, content []byte) error {
	if err := files.WriteHeader(fileHeader(name, mode, int64(len(content)))); err != nil {
		return err
	}
	_, err := files.Write(content)
	return err
}

func fileHeader(name string, mode, size int64) *tar.Header {
	return &tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: size, ModTime: epoch}
}

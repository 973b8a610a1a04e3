package registryread

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

// A Pull is what was read of an image, and how long each step took.
type Pull struct {
	// Digest is that of the manifest or index that the reference leads to.
	Digest string
	// Blob is the digest of the first layer; Bytes is how much of it was read, and Whole
	// whether that is all of it: then it has its digest.
	Blob  string
	Bytes int64
	Whole bool
	Steps Steps
}

// Steps are how long each part of a pull took. Connect and TLS are those of finding the
// instance, on a connection of their own.
type Steps struct{ Connect, TLS, Token, Manifest, Blob time.Duration }

// Total is the whole pull.
func (s Steps) Total() time.Duration { return s.Connect + s.TLS + s.Token + s.Manifest + s.Blob }

// ErrOtherContent says that what came has another digest: it was changed or cut off.
var ErrOtherContent = errors.New("what comes has another digest")

// Read pulls the beginning of an image as a container runtime does: its manifest, that of
// this program's platform where there are several, and so many bytes of its first layer at
// most, from the storage that the instance leads to. What is read must have its digest. An
// error is as [Reader.Head]'s, or an [ErrOtherContent]; what was read before it is told.
func (r *Reader) Read(ctx context.Context, c pullsecrets.Credential, image registrylogin.Image, limit int64) (Pull, error) {
	found := r.registry.Latency()
	p := Pull{Steps: Steps{Connect: found.Lookup + found.Connect, TLS: found.Handshake}}
	lap := stopwatch()
	_, _, err := r.authorize(ctx, c, image.Repository)
	p.Steps.Token = lap()
	if err != nil {
		return p, err
	}
	m, err := r.manifest(ctx, c, image)
	p.Digest = m.digest
	if of := m.platform(); err == nil && of != "" {
		m, err = r.manifest(ctx, c, registrylogin.Image{Repository: image.Repository, Reference: of})
	}
	p.Steps.Manifest = lap()
	if err != nil {
		return p, err
	}
	p.Blob = m.first()
	if p.Blob == "" {
		return p, errors.New("its manifest names no layer and no configuration")
	}
	p.Bytes, p.Whole, err = r.blob(ctx, c, image.Repository, p.Blob, limit)
	p.Steps.Blob = lap()
	return p, err
}

// mostListed is how many commas a manifest may have: of 4 MiB that list empty layers would
// become 140 MiB, and whoever may push an image may push those.
const mostListed = 1 << 16

// A manifest is what matters here of an image's manifest or index
// (https://github.com/opencontainers/image-spec).
type manifest struct {
	digest    string
	Manifests []struct {
		Digest   string
		Platform struct{ OS, Architecture string }
	}
	Config struct{ Digest string }
	Layers []struct {
		Digest string
		URLs   []string
	}
}

// platform is the digest of the manifest for this program's platform, or the first; empty
// where it is none of several.
func (m manifest) platform() string {
	for _, of := range m.Manifests {
		if of.Platform.OS == "linux" && of.Platform.Architecture == runtime.GOARCH && isDigest(of.Digest) {
			return of.Digest
		}
	}
	if len(m.Manifests) > 0 && isDigest(m.Manifests[0].Digest) {
		return m.Manifests[0].Digest
	}
	return ""
}

// first is the first layer that the registry itself has, else the configuration.
func (m manifest) first() string {
	for _, l := range m.Layers {
		if len(l.URLs) == 0 && isDigest(l.Digest) {
			return l.Digest
		}
	}
	if isDigest(m.Config.Digest) {
		return m.Config.Digest
	}
	return ""
}

func (r *Reader) manifest(ctx context.Context, c pullsecrets.Credential, image registrylogin.Image) (manifest, error) {
	response, err := r.ask(ctx, http.MethodGet, c, image)
	if err != nil {
		return manifest{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxManifest+1))
	switch {
	case err != nil:
		return manifest{}, errors.New("its manifest breaks off")
	case len(text) > maxManifest:
		return manifest{}, fmt.Errorf("its manifest has more than %d MiB, which no container runtime takes", maxManifest>>20)
	}
	if bytes.Count(text, []byte(",")) > mostListed {
		return manifest{}, errors.New("its manifest lists more than any image has")
	}
	m := manifest{digest: digestOf(text)}
	for _, want := range []string{image.Reference, response.Header.Get("Docker-Content-Digest")} {
		if isDigest(want) && !textHas(text, want) {
			return manifest{}, fmt.Errorf("the manifest: %w", ErrOtherContent)
		}
	}
	if isDigest(image.Reference) {
		m.digest = image.Reference
	}
	if json.Unmarshal(text, &m) != nil {
		return manifest{}, errors.New("its manifest can't be read")
	}
	return m, nil
}

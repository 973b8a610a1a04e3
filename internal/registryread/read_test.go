package registryread

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

const plenty = 1 << 20

// storeElsewhere has the storage of layers elsewhere, as ACR has, and does something else with
// what is asked there.
func (w *world) storeElsewhere(t *testing.T, at string, instead func(http.ResponseWriter, *http.Request) bool) {
	t.Helper()
	plain := w.registry
	plain.Intercept(func(response http.ResponseWriter, request *http.Request) bool {
		if !strings.Contains(request.URL.Path, "/blobs/") {
			return false
		}
		response.Header().Set("Location", at+request.URL.Path+"?signature="+secret)
		response.WriteHeader(http.StatusTemporaryRedirect)
		return true
	})
	w.auth.Intercept(func(response http.ResponseWriter, request *http.Request) bool {
		if request.Header.Get("Authorization") != "" {
			t.Error("the storage is sent a credential")
		}
		return instead(response, request)
	})
}

// content gives what the registry has at a path.
func (w *world) content(t *testing.T, path string) []byte {
	t.Helper()
	transport := w.options.Prober.Transport(w.options.Targets[0], 443)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+shared+path, nil)
	must(t, err)
	response, err := transport.RoundTrip(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return text
}

func TestReading(t *testing.T) {
	w := newWorld(t)
	w.guarded("demo/web")
	p, err := w.open(t).Read(t.Context(), puller, web, plenty)
	if err != nil || p.Digest != w.digest || !p.Whole || p.Bytes < 1000 || !isDigest(p.Blob) {
		t.Fatalf("got %+v, %v", p, err)
	}
	if s := p.Steps; s.Connect <= 0 || s.TLS <= 0 || s.Token <= 0 || s.Manifest <= 0 || s.Blob <= 0 || s.Total() <= s.Blob {
		t.Errorf("the steps took %+v", s)
	}
	if n := len(w.auth.Log(0)); n != 1 {
		t.Errorf("%d tokens were asked for", n)
	}
	p, err = w.open(t).Read(t.Context(), puller, registrylogin.Image{Repository: "demo/web", Reference: w.digest}, 100)
	if err != nil || p.Digest != w.digest || p.Whole || p.Bytes != 100 {
		t.Errorf("of a layer that is longer: %+v, %v", p, err)
	}
	exact := w.mustRead(t)
	if p, err := w.open(t).Read(t.Context(), puller, web, exact); err != nil || !p.Whole || p.Bytes != exact {
		t.Errorf("of a layer that is exactly so long: %+v, %v", p, err)
	}
}

// mustRead is how long the first layer is.
func (w *world) mustRead(t *testing.T) int64 {
	t.Helper()
	p, err := w.open(t).Read(t.Context(), puller, web, plenty)
	must(t, err)
	return p.Bytes
}

func TestOfSeveralPlatformsThisOneIsRead(t *testing.T) {
	w := newWorld(t)
	index := v1.ImageIndex(empty.Index)
	var want v1.Hash
	for _, architecture := range []string{"s390x", runtime.GOARCH} {
		image, err := random.Image(500, 1)
		must(t, err)
		layers, err := image.Layers()
		must(t, err)
		want, err = layers[0].Digest()
		must(t, err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}}})
	}
	ref, err := name.ParseReference(shared + "/demo/many:1")
	must(t, err)
	must(t, remote.WriteIndex(ref, index, remote.WithContext(t.Context()), remote.WithTransport(w.options.Prober.Transport(w.options.Targets[0], 443))))
	digest, err := index.Digest()
	must(t, err)
	p, err := w.open(t).Read(t.Context(), none, registrylogin.Image{Repository: "demo/many", Reference: "1"}, plenty)
	if err != nil || p.Digest != digest.String() || p.Blob != want.String() || !p.Whole {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestStorageElsewhere(t *testing.T) {
	for sentence, test := range map[string]struct {
		at, want string
		is       error
		instead  func(content []byte) func(http.ResponseWriter, *http.Request) bool
	}{
		"has the layer": {"https://" + auth, "", nil, func(content []byte) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write(content); return true }
		}},
		"has another": {"https://" + auth, "the layer: what comes has another digest", ErrOtherContent, func([]byte) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("another")); return true }
		}},
		"has a part of it": {"https://" + auth, "the layer: what comes has another digest", ErrOtherContent, func(content []byte) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write(content[:10]); return true }
		}},
		"has lost it": {"https://" + auth, "the layer: the registry doesn't have it", ErrMissing, func([]byte) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true }
		}},
		"refuses it": {"https://" + auth, auth + " says 403 Forbidden to the layer", nil, func([]byte) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusForbidden); return true }
		}},
		"is for another name": {"https://elsewhere.example.com", "its storage elsewhere.example.com doesn't answer: ", nil, nil},
		"is without TLS":      {"http://" + auth, "it leads to storage without an https address", nil, nil},
		"leads round in circles": {"https://" + auth, auth + " says 307 Temporary Redirect to the layer", nil, func([]byte) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Location", r.URL.String())
				w.WriteHeader(http.StatusTemporaryRedirect)
				return true
			}
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			p, err := w.open(t).Read(t.Context(), none, web, plenty)
			must(t, err)
			content := w.content(t, "/v2/demo/web/blobs/"+p.Blob)
			instead := func(http.ResponseWriter, *http.Request) bool { return false }
			if test.instead != nil {
				instead = test.instead(content)
			}
			w.storeElsewhere(t, test.at, instead)
			p, err = w.open(t).Read(t.Context(), none, web, plenty)
			if got := text(err); !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") || p.Whole != (test.want == "") || strings.Contains(got, secret) {
				t.Errorf("got %+v, %v", p, err)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v is none", err)
			}
		})
	}
}

func TestAManifestThatIsCutOff(t *testing.T) {
	w := newWorld(t)
	w.registry.Intercept(func(response http.ResponseWriter, request *http.Request) bool {
		if !strings.Contains(request.URL.Path, "/manifests/") {
			return false
		}
		response.Header().Set("Docker-Content-Digest", w.digest)
		_, _ = io.WriteString(response, `{"layers":[]}`)
		return true
	})
	if _, err := w.open(t).Read(t.Context(), none, web, plenty); !errors.Is(err, ErrOtherContent) {
		t.Errorf("got %v", err)
	}
}

// TestAManifestThatListsMillions would need more memory than the controller has.
func TestAManifestThatListsMillions(t *testing.T) {
	w := newWorld(t)
	w.registry.Intercept(func(response http.ResponseWriter, request *http.Request) bool {
		if !strings.Contains(request.URL.Path, "/manifests/") {
			return false
		}
		_, _ = io.WriteString(response, `{"layers":[`+strings.Repeat("{},", 1<<20)+`{}]}`)
		return true
	})
	if _, err := w.open(t).Read(t.Context(), none, web, plenty); text(err) != "its manifest lists more than any image has" {
		t.Errorf("got %v", err)
	}
}

// TestALayerThatComesTooSlowly isn't one that is cut off.
func TestALayerThatComesTooSlowly(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	w.storeElsewhere(t, "https://"+auth, func(response http.ResponseWriter, request *http.Request) bool {
		_, _ = io.WriteString(response, "some")
		_ = http.NewResponseController(response).Flush()
		<-request.Context().Done()
		return true
	})
	if p, err := w.open(t).Read(ctx, none, web, plenty); text(err) != "only 4 bytes of the layer came in time" || p.Bytes != 4 {
		t.Errorf("got %+v, %v", p, err)
	}
}

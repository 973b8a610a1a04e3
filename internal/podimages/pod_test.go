package podimages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/json"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// decode reads a pod as the webhook does.
func decode(t testing.TB, text string) *podimages.Pod {
	t.Helper()
	pod := &podimages.Pod{}
	if err := json.UnmarshalCaseSensitivePreserveInts([]byte(text), pod); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return pod
}

func TestFields(t *testing.T) {
	tests := map[string]struct {
		spec string
		want []podimages.Field
	}{
		"a spec without anything has no field": {`{}`, nil},
		"a container": {
			`{"containers": [{"name": "web", "image": "a"}]}`,
			[]podimages.Field{{Kind: podimages.ContainerKind, Owner: "web", Image: "a"}},
		},
		"an init container": {
			`{"initContainers": [{"name": "migrate", "image": "a", "imagePullPolicy": "Always"}]}`,
			[]podimages.Field{{Kind: podimages.InitContainer, Owner: "migrate", Image: "a", PullPolicy: "Always"}},
		},
		"an ephemeral container": {
			`{"ephemeralContainers": [{"name": "debug", "image": "a", "targetContainerName": "web"}]}`,
			[]podimages.Field{{Kind: podimages.EphemeralContainer, Owner: "debug", Image: "a"}},
		},
		"an image volume": {
			`{"volumes": [{"name": "model", "image": {"reference": "a", "pullPolicy": "Never"}}]}`,
			[]podimages.Field{{Kind: podimages.VolumeKind, Owner: "model", Image: "a", PullPolicy: "Never"}},
		},
		"volumes of other types count for the index alone": {
			`{"volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "model", "image": {"reference": "a"}}]}`,
			[]podimages.Field{{Kind: podimages.VolumeKind, Index: 1, Owner: "model", Image: "a"}},
		},
		"an image volume without a reference is a field": {
			`{"volumes": [{"name": "model", "image": {}}]}`,
			[]podimages.Field{{Kind: podimages.VolumeKind, Owner: "model"}},
		},
		"a container without an image is a field": {
			`{"containers": [{"name": "web"}]}`,
			[]podimages.Field{{Kind: podimages.ContainerKind, Owner: "web"}},
		},
		"names compare with case": {
			`{"Containers": [{"image": "a"}], "containers": [{"name": "web", "Image": "a"}]}`,
			[]podimages.Field{{Kind: podimages.ContainerKind, Owner: "web"}},
		},
		"the order is volumes, init, ordinary, then ephemeral containers": {
			`{"ephemeralContainers": [{"image": "f"}], "containers": [{"image": "d"}, {"image": "e"}],
			  "initContainers": [{"image": "b"}, {"image": "c"}], "volumes": [{"image": {"reference": "a"}}]}`,
			[]podimages.Field{
				{Kind: podimages.VolumeKind, Image: "a"},
				{Kind: podimages.InitContainer, Image: "b"}, {Kind: podimages.InitContainer, Index: 1, Image: "c"},
				{Kind: podimages.ContainerKind, Image: "d"}, {Kind: podimages.ContainerKind, Index: 1, Image: "e"},
				{Kind: podimages.EphemeralContainer, Image: "f"},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := decode(t, `{"spec": `+test.spec+`}`).Spec.Fields()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPathAndPointer(t *testing.T) {
	tests := map[string]struct {
		field         podimages.Field
		path, pointer string
	}{
		"a container":            {podimages.Field{Kind: podimages.ContainerKind, Index: 10}, "spec.containers[10].image", "/spec/containers/10/image"},
		"an init container":      {podimages.Field{Kind: podimages.InitContainer}, "spec.initContainers[0].image", "/spec/initContainers/0/image"},
		"an ephemeral container": {podimages.Field{Kind: podimages.EphemeralContainer, Index: 1}, "spec.ephemeralContainers[1].image", "/spec/ephemeralContainers/1/image"},
		"an image volume":        {podimages.Field{Kind: podimages.VolumeKind, Index: 2}, "spec.volumes[2].image.reference", "/spec/volumes/2/image/reference"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.field.Path(); got != test.path {
				t.Errorf("Path() = %s, want %s", got, test.path)
			}
			if got := test.field.Pointer(); got != test.pointer {
				t.Errorf("Pointer() = %s, want %s", got, test.pointer)
			}
		})
	}
}

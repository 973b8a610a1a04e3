package podimages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

const (
	shared = "cross-region.registry.io"
	source = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
)

func newRewriter(t testing.TB) *rewrite.Rewriter {
	t.Helper()
	r, err := rewrite.New([]rewrite.Rule{{
		Endpoint: shared, Sources: []string{source}, Repositories: rewrite.Patterns{Exclude: []string{"local/*"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outcomes are findings in short: path, then what the image became or why it stayed.
func outcomes(findings []podimages.Finding) []string {
	var short []string
	for _, f := range findings {
		outcome := string(f.Result.Reason)
		if f.Result.Changed() {
			outcome = f.Result.Image
		}
		short = append(short, f.Field.Path()+" "+outcome)
	}
	return short
}

const web = `"spec": {"containers": [{"name": "web", "image": "` + source + `/demo/web:1"}]}`

func TestEvaluate(t *testing.T) {
	tests := map[string]struct {
		pod  string
		want []string
	}{
		"a pod without a spec has no finding": {`{}`, nil},
		"every kind of field is rewritten": {
			`{"spec": {
				"volumes": [{"image": {"reference": "` + source + `/demo/model:1"}}],
				"initContainers": [{"image": "` + source + `/demo/init:1"}],
				"containers": [{"image": "` + source + `/demo/web:1"}],
				"ephemeralContainers": [{"image": "` + source + `/demo/debug:1"}]}}`,
			[]string{
				"spec.volumes[0].image.reference " + shared + "/demo/model:1",
				"spec.initContainers[0].image " + shared + "/demo/init:1",
				"spec.containers[0].image " + shared + "/demo/web:1",
				"spec.ephemeralContainers[0].image " + shared + "/demo/debug:1",
			},
		},
		"each container has its own reason": {
			`{"spec": {"containers": [{"image": "nginx"}, {"image": "` + shared + `/demo/web"}, {"image": ""}, {},
				{"image": "quay.io/x/y"}, {"image": "` + source + `/local/x"}]}}`,
			[]string{
				"spec.containers[0].image NoHost", "spec.containers[1].image AlreadyShared",
				"spec.containers[2].image InvalidReference", "spec.containers[3].image InvalidReference",
				"spec.containers[4].image OtherHost", "spec.containers[5].image RepositoryExcluded",
			},
		},
		"a mirror pod is left alone": {
			`{"metadata": {"annotations": {"kubernetes.io/config.mirror": ""}}, ` + web + `}`,
			[]string{"spec.containers[0].image MirrorPod"},
		},
		"a pod that opted out is left alone": {
			`{"metadata": {"labels": {"registry-failover.io/rewrite": "false"}}, ` + web + `}`,
			[]string{"spec.containers[0].image OptedOut"},
		},
		"another value of the label is no opt-out": {
			`{"metadata": {"labels": {"registry-failover.io/rewrite": "False"}}, ` + web + `}`,
			[]string{"spec.containers[0].image " + shared + "/demo/web:1"},
		},
		"an empty value of the label is no opt-out": {
			`{"metadata": {"labels": {"registry-failover.io/rewrite": ""}}, ` + web + `}`,
			[]string{"spec.containers[0].image " + shared + "/demo/web:1"},
		},
		"the label as an annotation is no opt-out": {
			`{"metadata": {"annotations": {"registry-failover.io/rewrite": "false"}}, ` + web + `}`,
			[]string{"spec.containers[0].image " + shared + "/demo/web:1"},
		},
		"an image that is never pulled is left alone": {
			`{"spec": {"containers": [{"image": "` + source + `/demo/web", "imagePullPolicy": "Never"},
				{"image": "` + source + `/demo/web", "imagePullPolicy": "IfNotPresent"}]}}`,
			[]string{"spec.containers[0].image NeverPulled", "spec.containers[1].image " + shared + "/demo/web"},
		},
		"an image volume that is never pulled is left alone": {
			`{"spec": {"volumes": [{"image": {"reference": "` + source + `/demo/model", "pullPolicy": "Never"}}]}}`,
			[]string{"spec.volumes[0].image.reference NeverPulled"},
		},
	}
	r := newRewriter(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := outcomes(podimages.Evaluate(r, decode(t, test.pod)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvaluateUpdate(t *testing.T) {
	const (
		webV1   = `{"name": "web", "image": "` + source + `/demo/web:1"}`
		webV2   = `{"name": "web", "image": "` + source + `/demo/web:2"}`
		sidecar = `{"name": "sidecar", "image": "` + source + `/demo/web:1"}`
	)
	tests := map[string]struct {
		old, pod string
		want     []string
	}{
		"an unchanged image is left alone": {
			`{"spec": {"containers": [` + webV1 + `]}}`, `{"spec": {"containers": [` + webV1 + `]}}`,
			[]string{"spec.containers[0].image NotChanged"},
		},
		"a changed image is rewritten, the one beside it stays": {
			`{"spec": {"containers": [` + webV1 + `,` + sidecar + `]}}`, `{"spec": {"containers": [` + webV2 + `,` + sidecar + `]}}`,
			[]string{"spec.containers[0].image " + shared + "/demo/web:2", "spec.containers[1].image NotChanged"},
		},
		"a new ephemeral container is rewritten, the old one stays": {
			`{"spec": {"ephemeralContainers": [` + webV1 + `]}}`, `{"spec": {"ephemeralContainers": [` + webV1 + `,` + sidecar + `]}}`,
			[]string{"spec.ephemeralContainers[0].image NotChanged", "spec.ephemeralContainers[1].image " + shared + "/demo/web:1"},
		},
		"an ephemeral container named as a container was is new": {
			`{"spec": {"containers": [` + webV1 + `]}}`, `{"spec": {"ephemeralContainers": [` + webV1 + `]}}`,
			[]string{"spec.ephemeralContainers[0].image " + shared + "/demo/web:1"},
		},
		"reordered containers are left alone": {
			`{"spec": {"containers": [` + webV2 + `,` + sidecar + `]}}`, `{"spec": {"containers": [` + sidecar + `,` + webV2 + `]}}`,
			[]string{"spec.containers[0].image NotChanged", "spec.containers[1].image NotChanged"},
		},
		"a container under a new name is rewritten": {
			`{"spec": {"containers": [` + webV1 + `]}}`, `{"spec": {"containers": [` + sidecar + `]}}`,
			[]string{"spec.containers[0].image " + shared + "/demo/web:1"},
		},
		"images that two containers swap have changed": {
			`{"spec": {"containers": [` + webV2 + `,` + sidecar + `]}}`,
			`{"spec": {"containers": [` + webV1 + `,{"name": "sidecar", "image": "` + source + `/demo/web:2"}]}}`,
			[]string{"spec.containers[0].image " + shared + "/demo/web:1", "spec.containers[1].image " + shared + "/demo/web:2"},
		},
		"an old pod without a spec makes everything new": {
			`{}`, `{"spec": {"containers": [` + webV1 + `]}}`,
			[]string{"spec.containers[0].image " + shared + "/demo/web:1"},
		},
		"an opt-out counts on update too": {
			`{}`, `{"metadata": {"labels": {"registry-failover.io/rewrite": "false"}}, ` + web + `}`,
			[]string{"spec.containers[0].image OptedOut"},
		},
	}
	r := newRewriter(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := outcomes(podimages.EvaluateUpdate(r, decode(t, test.pod), decode(t, test.old)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryReasonHasASentence(t *testing.T) {
	for _, r := range []rewrite.Reason{
		podimages.MirrorPod, podimages.OptedOut, podimages.NeverPulled, podimages.NotChanged,
		rewrite.Rewritten, rewrite.AlreadyShared, rewrite.NoHost, rewrite.OtherHost, rewrite.RepositoryExcluded, rewrite.InvalidReference,
	} {
		if s := podimages.Sentence(r); s == string(r) || s == "" {
			t.Errorf("%s has no sentence", r)
		}
	}
	if got := podimages.Sentence("Unheard"); got != "Unheard" {
		t.Errorf("an unknown reason is said as %q, want the word itself", got)
	}
}

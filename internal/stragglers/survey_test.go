package stragglers_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

func TestWhyAPodNamesASourceHost(t *testing.T) {
	const image = source + "/demo/web:1"
	never := func(p *corev1.Pod) { p.Spec.Containers[0].ImagePullPolicy = corev1.PullNever }
	always := func(p *corev1.Pod) { p.Spec.Containers[0].ImagePullPolicy = corev1.PullAlways }
	mirror := func(p *corev1.Pod) { p.Annotations = map[string]string{"kubernetes.io/config.mirror": "x"} }
	elsewhere := func(p *corev1.Pod) {
		p.Spec = corev1.PodSpec{
			InitContainers:      []corev1.Container{{Image: image}},
			EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Image: source + "/demo/tool"}}},
			Volumes:             []corev1.Volume{{}, {VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: source + "/demo/data", PullPolicy: corev1.PullIfNotPresent}}}},
		}
	}
	renamed := func(image string, ifNotPresent bool) stragglers.Image {
		return stragglers.Image{
			Image: source + image, Rewritten: shared + image, Endpoint: shared,
			Reason: stragglers.NotRewritten, IfNotPresent: ifNotPresent,
		}
	}
	kept := func(image string, reason rewrite.Reason, ifNotPresent bool) stragglers.Image {
		return stragglers.Image{Image: image, Rewritten: image, Endpoint: shared, Reason: reason, IfNotPresent: ifNotPresent}
	}
	for sentence, test := range map[string]struct {
		pod  *corev1.Pod
		want []stragglers.Image
	}{
		"one that the webhook would rewrite":           {pod("shop", "web", []string{image}), []stragglers.Image{renamed("/demo/web:1", true)}},
		"the same image twice is one":                  {pod("shop", "web", []string{image, image}), []stragglers.Image{renamed("/demo/web:1", true)}},
		"the same image with two pull policies is one": {pod("shop", "web", []string{image, image}, always), []stragglers.Image{renamed("/demo/web:1", true)}},
		"every field that names an image": {pod("shop", "web", nil, elsewhere), []stragglers.Image{
			renamed("/demo/data", true), renamed("/demo/web:1", false), renamed("/demo/tool", false),
		}},
		"one that opted out":                {pod("shop", "web", []string{image}, labelled(podimages.OptOutLabel, "false")), []stragglers.Image{kept(image, podimages.OptedOut, true)}},
		"one of a namespace that opted out": {pod("legacy", "web", []string{image}), []stragglers.Image{kept(image, stragglers.NamespaceOptedOut, true)}},
		"a mirror pod":                      {pod("shop", "web", []string{image}, mirror), []stragglers.Image{kept(image, podimages.MirrorPod, true)}},
		"an image that is never pulled":     {pod("shop", "web", []string{image}, never), []stragglers.Image{kept(image, podimages.NeverPulled, false)}},
		"a repository that is left out":     {pod("shop", "web", []string{source + "/demo/kept"}), []stragglers.Image{kept(source+"/demo/kept", rewrite.RepositoryExcluded, true)}},
		"one that was rewritten":            {pod("shop", "web", []string{shared + "/demo/web:1"}), nil},
		"one that opted out and names no source host": {
			pod("shop", "web", []string{"nginx", "quay.io/x/y", shared + "/x", ""}, labelled(podimages.OptOutLabel, "false")), nil,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			var got []stragglers.Image
			client := fake.NewClientset(test.pod, namespace("legacy", labels.Set{podimages.OptOutLabel: "false"})).CoreV1()
			namespaces, err := stragglers.ReadNamespaces(t.Context(), client, "", "registry-failover", config.Enforce)
			must(t, err)
			must(t, stragglers.Pods(t.Context(), client, rewriter(t), "", namespaces, func(p stragglers.Pod) {
				got = append(got, p.Images...)
			}))
			compare(t, test.want, got)
		})
	}
}

func TestOwner(t *testing.T) {
	for sentence, test := range map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"nobody":                                     {pod("shop", "web", nil), "Pod/web"},
		"a ReplicaSet of a Deployment":               {pod("shop", "x", nil, labelled("pod-template-hash", "6d4b"), ownedBy("ReplicaSet", "web-6d4b")), "Deployment/web"},
		"a ReplicaSet of nobody":                     {pod("shop", "x", nil, ownedBy("ReplicaSet", "web-6d4b")), "ReplicaSet/web-6d4b"},
		"a ReplicaSet of another name than its hash": {pod("shop", "x", nil, labelled("pod-template-hash", "6d4b"), ownedBy("ReplicaSet", "web")), "ReplicaSet/web"},
		"another kind":                               {pod("shop", "x", nil, labelled("pod-template-hash", "6d4b"), ownedBy("StatefulSet", "db-6d4b")), "StatefulSet/db-6d4b"},
	} {
		t.Run(sentence, func(t *testing.T) { compare(t, test.want, stragglers.Owner(test.pod)) })
	}
}

func TestImagesThatNodesPullAgain(t *testing.T) {
	const digest = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	image := func(name string) stragglers.Image {
		return stragglers.Image{Image: source + name, Rewritten: shared + name, Endpoint: shared, Reason: stragglers.NotRewritten, IfNotPresent: true}
	}
	always, kept := image("/demo/always:1"), image("/demo/kept:1")
	always.IfNotPresent, kept.Reason = false, podimages.OptedOut
	client := fake.NewClientset(
		node("old", []string{source + "/demo/web:1", source + "/demo/web" + digest}, []string{source + "/demo/bare:latest"},
			[]string{source + "/demo/always:1"}, []string{source + "/demo/kept:1"}),
		node("both", []string{source + "/demo/web:1", shared + "/demo/web:1"}),
		node("older", []string{source + "/demo/web:1"}),
		node("new", []string{shared + "/demo/web:1"}),
	).CoreV1()
	var held stragglers.Held
	want := map[string]int{"/demo/web:1": 2, "/demo/bare": 1, "/demo/web:1" + digest: 1, "/demo/absent": 0}
	for name := range want {
		held.Add(image(name))
	}
	held.Add(always)
	held.Add(kept)
	must(t, held.Look(t.Context(), client))
	got := map[string]int{}
	for name := range want {
		got[name] = held.Nodes(image(name))
	}
	compare(t, want, got)
	if n := held.Nodes(always) + held.Nodes(kept); n != 0 {
		t.Errorf("%d nodes pull what is pulled anyway, or keeps its name", n)
	}
	compare(t, map[string]int{shared: 4}, held.ByEndpoint())
}

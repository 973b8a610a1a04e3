package e2e

import (
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/test/cluster"
)

const (
	primaryHost = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
	digest      = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	originals   = "registry-failover.io/original-images"
	optOut      = "registry-failover.io/rewrite"
)

// A suitePod is created, then updated as it says, and has the images that are wanted.
type suitePod struct {
	namespace           string // shop, where nothing is said
	dryRun              bool   // what can't be created, or must not run
	labels, annotations map[string]string
	containers          string // as YAML: initContainers, containers, volumes
	// The update: other labels and images of containers, or new ephemeral containers.
	relabel   map[string]string
	images    map[string]string
	ephemeral []string
	// Of init, ordinary and ephemeral containers, and of volumes, in this order.
	want []string
	// The annotation that records the originals.
	recorded string
}

// suite is played with each mechanism; repositories below local are excluded,
// and updates count.
var suite = map[string]suitePod{
	"images in every kind of field": {
		annotations: map[string]string{"team": "shop"},
		containers: `
initContainers:
- {name: migrate, image: "a-registry.cn-hangzhou.cr.aliyuncs.com/shop/migrate:1.8.0"}
containers:
- {name: web, image: "` + primaryHost + "/shop/web:2.4.1" + digest + `"}
- {name: tools, image: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/tools}
volumes:
- {name: tmp, emptyDir: {}}
- {name: model, image: {reference: "` + primaryHost + "/ml/model" + digest + `"}}`,
		want: []string{
			cluster.Endpoint + "/shop/migrate:1.8.0", cluster.Endpoint + "/shop/web:2.4.1" + digest, cluster.Endpoint + "/shop/tools", cluster.Endpoint + "/ml/model" + digest,
		},
		recorded: `{"spec.containers[0].image":"` + primaryHost + "/shop/web:2.4.1" + digest + `","spec.containers[1].image":"a-registry-vpc.cn-hangzhou.cr.aliyuncs.com/shop/tools",` +
			`"spec.initContainers[0].image":"a-registry.cn-hangzhou.cr.aliyuncs.com/shop/migrate:1.8.0","spec.volumes[1].image.reference":"` + primaryHost + "/ml/model" + digest + `"}`,
	},
	"a host in uppercase": {
		containers: `containers: [{name: web, image: B-Registry-VPC.cn-zhangjiakou.cr.aliyuncs.COM/shop/web}]`,
		want:       []string{cluster.Endpoint + "/shop/web"},
		recorded:   `{"spec.containers[0].image":"B-Registry-VPC.cn-zhangjiakou.cr.aliyuncs.COM/shop/web"}`,
	},
	"twelve containers, whose paths sort as texts": {
		containers: "containers:\n" + containersNamed("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"),
		want:       slices.Repeat([]string{cluster.Endpoint + "/x"}, 12),
		recorded: `{"spec.containers[0].image":"` + primaryHost + `/x","spec.containers[10].image":"` + primaryHost + `/x","spec.containers[11].image":"` + primaryHost + `/x"` +
			strings.Join(pathsOf("1", "2", "3", "4", "5", "6", "7", "8", "9"), "") + `}`,
	},
	"hosts that are no source": {
		containers: `containers: [{name: a, image: nginx}, {name: b, image: "quay.io/x/y:1"}, {name: c, image: "` + primaryHost + `:443/x"}, {name: d, image: x` + primaryHost + `/x}, {name: e, image: "` + primaryHost + `"},
  {name: f, image: ` + cluster.Endpoint + `/x}, {name: g, image: quay.io/` + primaryHost + `/x}]`,
		want: []string{"nginx", "quay.io/x/y:1", primaryHost + ":443/x", "x" + primaryHost + "/x", primaryHost, cluster.Endpoint + "/x", "quay.io/" + primaryHost + "/x"},
	},
	"what is no reference": {
		containers: `containers: [{name: a, image: ` + primaryHost + `/Shop/web}, {name: b, image: "` + primaryHost + `/shop/web:"}, {name: c, image: "` + primaryHost + `/shop/web@sha256:1"}, {name: d, image: ` + primaryHost + `//web}]`,
		want:       []string{primaryHost + "/Shop/web", primaryHost + "/shop/web:", primaryHost + "/shop/web@sha256:1", primaryHost + "//web"},
	},
	"repositories that are excluded": {
		containers: `containers: [{name: a, image: "` + primaryHost + `/local/a:1"}, {name: b, image: ` + primaryHost + `/local/a/b}, {name: c, image: ` + primaryHost + `/locals/a}]`,
		want:       []string{primaryHost + "/local/a:1", primaryHost + "/local/a/b", cluster.Endpoint + "/locals/a"},
		recorded:   `{"spec.containers[2].image":"` + primaryHost + `/locals/a"}`,
	},
	"the pull policy Never": {
		containers: `
initContainers: [{name: i, image: ` + primaryHost + `/x, imagePullPolicy: Never}]
containers: [{name: a, image: ` + primaryHost + `/x, imagePullPolicy: Never}, {name: b, image: ` + primaryHost + `/x, imagePullPolicy: IfNotPresent}]
volumes: [{name: v, image: {reference: ` + primaryHost + `/x, pullPolicy: Never}}]`,
		want:     []string{primaryHost + "/x", primaryHost + "/x", cluster.Endpoint + "/x", primaryHost + "/x"},
		recorded: `{"spec.containers[1].image":"` + primaryHost + `/x"}`,
	},
	"a pod that opts out":                        {labels: map[string]string{optOut: "false"}, containers: one, want: []string{primaryHost + "/x"}},
	"another value of that label":                {labels: map[string]string{optOut: "False"}, containers: one, want: []string{cluster.Endpoint + "/x"}, recorded: oneRecorded},
	"a namespace that opts out":                  {namespace: "opted-out", dryRun: true, containers: one, want: []string{primaryHost + "/x"}},
	"kube-system":                                {namespace: "kube-system", dryRun: true, containers: one, want: []string{primaryHost + "/x"}},
	"the product's namespace":                    {namespace: namespace, dryRun: true, containers: one, want: []string{primaryHost + "/x"}},
	"a mirror pod":                               {dryRun: true, annotations: map[string]string{"kubernetes.io/config.mirror": "1"}, containers: one, want: []string{primaryHost + "/x"}},
	"annotations without room for the originals": {annotations: map[string]string{"big": strings.Repeat("ü", 131_060)}, containers: one, want: []string{cluster.Endpoint + "/x"}},
	"annotations with room for them to the byte": {annotations: map[string]string{"big": strings.Repeat("x", 262_144-len("big")-len(originals)-len(oneRecorded))}, containers: one, want: []string{cluster.Endpoint + "/x"}, recorded: oneRecorded},
	"annotations with a byte less":               {annotations: map[string]string{"big": strings.Repeat("x", 262_144-len("big")-len(originals)-len(oneRecorded)+1)}, containers: one, want: []string{cluster.Endpoint + "/x"}},
	"originals of an earlier pass under other paths": {
		annotations: map[string]string{originals: `{"spec.containers[0].image":"` + primaryHost + `/web:1","spec.containers[7].image":"quay.io/x/y"}`},
		containers:  `containers: [{name: proxy, image: ` + primaryHost + `/proxy}, {name: web, image: "` + cluster.Endpoint + `/web:1"}]`,
		want:        []string{cluster.Endpoint + "/proxy", cluster.Endpoint + "/web:1"},
		recorded:    `{"spec.containers[0].image":"` + primaryHost + `/proxy","spec.containers[1].image":"` + primaryHost + `/web:1"}`,
	},
	"originals that nobody can read": {
		annotations: map[string]string{originals: `[1]`}, containers: one, want: []string{cluster.Endpoint + "/x"}, recorded: oneRecorded,
	},
	"a container that another webhook adds afterwards": {
		labels: map[string]string{"sidecar": "wanted"}, containers: one, want: []string{cluster.Endpoint + "/sidecar", cluster.Endpoint + "/x"},
		recorded: `{"spec.containers[0].image":"` + primaryHost + `/sidecar","spec.containers[1].image":"` + primaryHost + `/x"}`,
	},
	"new ephemeral containers": {
		containers: one, ephemeral: []string{primaryHost + "/debug:1", "busybox"},
		want: []string{cluster.Endpoint + "/x", cluster.Endpoint + "/debug:1", "busybox"}, recorded: oneRecorded,
	},
	"an update of one container, with another that was never rewritten": {
		labels:     map[string]string{optOut: "false"},
		containers: `containers: [{name: a, image: ` + primaryHost + `/a}, {name: b, image: ` + primaryHost + `/b}]`,
		relabel:    map[string]string{}, images: map[string]string{"b": primaryHost + "/b:2"},
		want: []string{primaryHost + "/a", cluster.Endpoint + "/b:2"}, recorded: `{"spec.containers[1].image":"` + primaryHost + `/b:2"}`,
	},
	"an update that opts out": {
		containers: one, relabel: map[string]string{optOut: "false"}, images: map[string]string{"a": primaryHost + "/x:2"},
		want: []string{primaryHost + "/x:2"}, recorded: oneRecorded,
	},
}

const (
	one         = `containers: [{name: a, image: ` + primaryHost + `/x}]`
	oneRecorded = `{"spec.containers[0].image":"` + primaryHost + `/x"}`
)

func containersNamed(names ...string) string {
	text := ""
	for _, name := range names {
		text += "- {name: " + name + ", image: " + primaryHost + "/x}\n"
	}
	return text
}

func pathsOf(indexes ...string) (entries []string) {
	for _, i := range indexes {
		entries = append(entries, `,"spec.containers[`+i+`].image":"`+primaryHost+`/x"`)
	}
	return entries
}

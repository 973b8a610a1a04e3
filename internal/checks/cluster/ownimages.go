package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// ours selects the pods of the product.
const ours = "app.kubernetes.io/part-of=registry-failover"

// ownImages looks at the images of the product's pods in its namespace.
func ownImages(ctx context.Context, o Options) []checks.Finding {
	images, err := podImages(ctx, o.Core.Pods(o.Namespace))
	switch {
	case err != nil:
		return []checks.Finding{unread("pods in the namespace "+o.Namespace, err)}
	case len(images) == 0:
		return []checks.Finding{{
			Level: checks.Unknown, Text: fmt.Sprintf("no pods of the product are in the namespace %s", o.Namespace),
			Remedy: "look again when it is installed, or name its namespace with --namespace",
		}}
	}
	return judgeImages(o.Config, images)
}

// podImages are the different images of the product's pods, as the API server has them.
func podImages(ctx context.Context, pods corev1client.PodInterface) ([]string, error) {
	var images []string
	err := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return pods.List(ctx, o)
	}).EachListItem(ctx, metav1.ListOptions{LabelSelector: ours}, func(object runtime.Object) error {
		pod, ok := object.(*corev1.Pod)
		if !ok {
			return fmt.Errorf("a list of pods holds a %T", object)
		}
		for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			if !slices.Contains(images, c.Image) {
				images = append(images, c.Image)
			}
		}
		return nil
	})
	slices.Sort(images)
	return images, err
}

// judgeImages judges images of the product by their hosts. It gives one finding
// for each image that is wrong, and one for all when none is.
func judgeImages(c *config.Config, images []string) []checks.Finding {
	var found []checks.Finding
	for _, image := range images {
		host, _ := rewrite.Host(image)
		host = strings.TrimSuffix(strings.ToLower(host), ":443")
		for _, h := range hostsOf(c) {
			f := checks.Finding{
				Level: checks.Failed, Endpoint: h.endpoint, Subject: image,
				Remedy: "copy the product's images to a registry that no failover touches, and name it in the chart's image.registry",
			}
			switch {
			case host == h.endpoint:
				f.Text = "comes from the shared endpoint, and must start when what that leads to is dead"
			case slices.Contains(h.instances, host):
				f.Text = "comes from an instance of the shared endpoint, and must start when that is dead"
			case slices.ContainsFunc(h.extra, func(s string) bool { return strings.TrimSuffix(s, ":443") == host }):
				f.Level = checks.Warning
				f.Text = "comes from a source host that the configuration adds: where that leads to an instance, it doesn't start when that is dead"
			default:
				continue
			}
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		found = []checks.Finding{{Level: checks.OK, Text: fmt.Sprintf("%d images of the product come from elsewhere", len(images))}}
	}
	return found
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/registry-failover/registry-failover/internal/stragglers"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// The product's namespace, by its documents, and what Helm puts there.
const (
	productNamespace = "registry-failover"
	configMap        = "registry-failover-config"
	configKey        = "config.yaml"
)

// clusterFlags are kubectl's own but for --cluster, which has another meaning here.
func clusterFlags() *genericclioptions.ConfigFlags {
	flags := genericclioptions.NewConfigFlags(true)
	flags.ClusterName = nil
	return flags.WithWrapConfigFn(func(c *rest.Config) *rest.Config {
		c.Wrap(func(next http.RoundTripper) http.RoundTripper { return rightsTransport{next} })
		return c
	})
}

// nowhere is the address that client-go takes where nothing names one.
const nowhere = "http://localhost:8080"

// errNoKubeconfig says that nobody has named a cluster.
var errNoKubeconfig = errors.New("there is no kubeconfig: name one with --kubeconfig")

func connect(flags *genericclioptions.ConfigFlags) (*rest.Config, corev1client.CoreV1Interface, error) {
	c, err := flags.ToRESTConfig()
	if err != nil {
		return nil, nil, err
	}
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	if err == nil && clientcmdapi.IsConfigEmpty(&raw) && *flags.APIServer == "" && c.Host == nowhere {
		return nil, nil, errNoKubeconfig
	}
	c.QPS, c.Burst = 50, 100 // one request after the other; client-go's 5 a second would only delay them
	client, err := corev1client.NewForConfig(c)
	return c, client, err
}

// straggler is what explain tells of an image that pods of one owner name by a source host.
type straggler struct {
	Namespace string         `json:"namespace"`
	Owner     string         `json:"owner"`
	Pods      int            `json:"pods"`
	Image     string         `json:"image"`
	Rewritten string         `json:"rewritten"`
	Changed   bool           `json:"changed"`
	Endpoint  string         `json:"endpoint"`
	Reason    rewrite.Reason `json:"reason"`
	// PullAgain is how many nodes do that with the pull policy IfNotPresent; nil when it isn't known.
	PullAgain *int `json:"pullAgain"`
}

// readClusterConfig reads what is in force in the cluster, from the product's namespace.
func readClusterConfig(ctx context.Context, client corev1client.ConfigMapsGetter, namespace string) (*config.Config, error) {
	found, err := client.ConfigMaps(namespace).Get(ctx, configMap, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("the configuration of the cluster can't be read: %w", err)
	}
	return parseConfig("configmap/"+configMap, []byte(found.Data[configKey]))
}

// explainCluster lists what pods of a namespace, or with "" of all, name a source
// host. What the caller may not read is told on stderr where the list can do without.
func explainCluster(ctx context.Context, client corev1client.CoreV1Interface, c *config.Config, namespace string, stderr io.Writer) ([]straggler, error) {
	rewriter, err := c.Rewriter()
	if err != nil {
		return nil, fmt.Errorf("the configuration can't be used: %w", err)
	}
	namespaces, err := stragglers.ReadNamespaces(ctx, client, namespace, productNamespace, c.Admission.Enforcement)
	switch {
	case apierrors.IsForbidden(err):
		say(stderr, fmt.Sprintf("you may not read namespaces, so that their labels aren't known: %v", err))
	case err != nil:
		return nil, err
	}
	type key struct {
		namespace, owner, image string
		reason                  rewrite.Reason
	}
	type row struct {
		straggler
		image stragglers.Image
	}
	rows := map[key]*row{}
	var held stragglers.Held
	err = stragglers.Pods(ctx, client, rewriter, namespace, namespaces, func(pod stragglers.Pod) {
		for _, i := range pod.Images {
			held.Add(i)
			at := key{pod.Namespace, pod.Owner, i.Image, i.Reason}
			if rows[at] == nil {
				rows[at] = &row{straggler{
					Namespace: pod.Namespace, Owner: pod.Owner, Image: i.Image, Rewritten: i.Rewritten,
					Changed: i.Reason == stragglers.NotRewritten, Endpoint: i.Endpoint, Reason: i.Reason,
				}, i}
			}
			rows[at].Pods++
			rows[at].image.IfNotPresent = rows[at].image.IfNotPresent || i.IfNotPresent
		}
	})
	switch {
	case apierrors.IsForbidden(err) && namespace == "":
		return nil, fmt.Errorf("name a namespace of yours with --namespace: %w", err)
	case err != nil:
		return nil, err
	}
	err = held.Look(ctx, client)
	known := err == nil
	switch {
	case apierrors.IsForbidden(err):
		say(stderr, fmt.Sprintf("you may not read nodes, so that it isn't known which images they pull again: %v", err))
	case err != nil:
		return nil, err
	}
	found := []straggler{}
	for _, s := range rows {
		if known {
			nodes := held.Nodes(s.image)
			s.PullAgain = &nodes
		}
		found = append(found, s.straggler)
	}
	slices.SortFunc(found, func(a, b straggler) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Owner, b.Owner),
			cmp.Compare(a.Image, b.Image), cmp.Compare(a.Reason, b.Reason))
	})
	if len(found) == 0 {
		say(stderr, "no unfinished pod names a source host")
	}
	return found, nil
}

// writeClusterText writes the images under a heading for each owner.
func writeClusterText(w io.Writer, found []straggler) {
	heading := ""
	for _, s := range found {
		if h := visible(s.Namespace) + ": " + visible(s.Owner); h != heading {
			if heading != "" {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, h)
			heading = h
		}
		fmt.Fprintf(w, "  %s\n    %s: %s\n", visible(s.Image), several(s.Pods, "pod", "pods"), s.outcome())
	}
}

// outcome says what becomes of the image in a new pod.
func (s straggler) outcome() string {
	if !s.Changed {
		return "unchanged: " + stragglers.Sentence(s.Reason)
	}
	text := "→ " + visible(s.Rewritten) + " in a new pod"
	if s.PullAgain != nil && *s.PullAgain > 0 {
		text += ", which " + several(*s.PullAgain, "node pulls", "nodes pull") + " again"
	}
	return text
}

func several(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// isTimeout tells a timeout of the connection or of the API server.
func isTimeout(err error) bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && timeout.Timeout() || apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err)
}

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"

	"github.com/registry-failover/registry-failover/internal/checks"
)

const (
	// askedNodes is how many kubelets are asked at most: those of a node pool are alike.
	askedNodes = 100
	// askedAtOnce and kubeletTimeout bound what nodes that don't answer cost.
	askedAtOnce    = 8
	kubeletTimeout = 5 * time.Second
	// maxConfigz is how much of an answer is read: kubelet's is 5 KiB long.
	maxConfigz = 1 << 20
	// namedNodes is how many nodes a finding names.
	namedNodes = 5
)

// pullRemedy is for nodes that pull one image after the other, or may.
const pullRemedy = "set serializeImagePulls: false in kubelet's configuration (in ACK in that of the node pool, which restarts kubelet), or node.resetConnections: true"

// serialPulls asks the nodes' kubelets how they pull.
func serialPulls(ctx context.Context, o Options) []checks.Finding {
	if o.Config.Node.ResetConnections {
		return []checks.Finding{{Level: checks.OK, Text: "node.resetConnections ends pulls in flight at a switch, however kubelet pulls"}}
	}
	names, err := pullingNodes(ctx, o.Core)
	switch {
	case err != nil:
		return []checks.Finding{unread("nodes", err)}
	case len(names) == 0:
		return []checks.Finding{{Level: checks.Unknown, Text: "there is no node that pulls images", Remedy: "look again when there is one"}}
	}
	asked := sample(names, askedNodes)
	first := askKubelet(ctx, o.Core, asked[0])
	if apierrors.IsForbidden(first.err) { // then all others are, too
		return []checks.Finding{{
			Level: checks.Unknown, Text: "kubelet's configuration may not be read with this kubeconfig, and by default it pulls one image after the other: " + first.err.Error(),
			Remedy: "ask somebody who may get nodes/proxy, by which much else can be done on every node, or look on a node; where serializeImagePulls isn't false, " + pullRemedy,
		}}
	}
	found := judgePulls(append([]pulling{first}, askKubelets(ctx, o.Core, asked[1:])...), ctx.Err())
	if len(asked) < len(names) {
		found[0].Text += fmt.Sprintf(" (%d of %d nodes were asked)", len(asked), len(names))
	}
	return found
}

// pullingNodes are the names of the nodes that pull images; ACK's virtual ones don't.
func pullingNodes(ctx context.Context, client corev1client.NodesGetter) ([]string, error) {
	var names []string
	err := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.Nodes().List(ctx, o)
	}).EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		n, ok := object.(*corev1.Node)
		if !ok {
			return fmt.Errorf("a list of nodes holds a %T", object)
		}
		if n.Labels["type"] != "virtual-kubelet" {
			names = append(names, n.Name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// sample takes up to most names, evenly: those of a node pool stand together.
func sample(names []string, most int) []string {
	if len(names) <= most {
		return names
	}
	some := make([]string, most)
	for i := range some {
		some[i] = names[i*len(names)/most]
	}
	return some
}

// pulling is how a node's kubelet pulls.
type pulling struct {
	node   string
	serial bool
	// limit is how many at once where they aren't serial; 0 is any number.
	limit int
	err   error
}

// askKubelets asks several at once.
func askKubelets(ctx context.Context, client corev1client.CoreV1Interface, names []string) []pulling {
	all := make([]pulling, len(names))
	slots := make(chan struct{}, askedAtOnce)
	var group sync.WaitGroup
	for i, name := range names {
		slots <- struct{}{}
		group.Go(func() {
			all[i] = askKubelet(ctx, client, name)
			<-slots
		})
	}
	group.Wait()
	return all
}

// askKubelet reads a kubelet's configuration through the API server.
func askKubelet(ctx context.Context, client corev1client.CoreV1Interface, node string) pulling {
	ctx, cancel := context.WithTimeout(ctx, kubeletTimeout)
	defer cancel()
	p := pulling{node: node}
	answer, err := client.RESTClient().Get().Resource("nodes").Name(node).SubResource("proxy").Suffix("configz").
		SetHeader("Accept", "application/json").Stream(ctx)
	if err != nil {
		p.err = err
		return p
	}
	defer answer.Close()
	text, err := io.ReadAll(io.LimitReader(answer, maxConfigz))
	if err != nil {
		p.err = err
		return p
	}
	p.serial, p.limit, p.err = parseConfigz(text)
	return p
}

// parseConfigz reads what kubelet says at /configz: {"kubeletconfig":{…}}, with the fields
// of KubeletConfiguration (kubelet.config.k8s.io/v1beta1).
func parseConfigz(text []byte) (serial bool, limit int, err error) {
	var c struct {
		Kubelet struct {
			Serialize *bool  `json:"serializeImagePulls"`
			Limit     *int32 `json:"maxParallelImagePulls"`
		} `json:"kubeletconfig"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return false, 0, fmt.Errorf("its configuration can't be read: %w", err)
	}
	if c.Kubelet.Serialize == nil {
		return false, 0, errors.New("its configuration has no serializeImagePulls")
	}
	if c.Kubelet.Limit != nil {
		limit = int(*c.Kubelet.Limit)
	}
	return *c.Kubelet.Serialize || limit == 1, limit, nil
}

// judgePulls gives a finding for each way of pulling, the worst first. Over says that the time is.
func judgePulls(all []pulling, over error) []checks.Finding {
	var serial, free, unread []string
	limited := map[int][]string{}
	var why error
	for _, p := range all {
		switch {
		case p.err != nil:
			if unread = append(unread, p.node); why == nil {
				why = p.err
			}
		case p.serial:
			serial = append(serial, p.node)
		case p.limit > 0:
			limited[p.limit] = append(limited[p.limit], p.node)
		default:
			free = append(free, p.node)
		}
	}
	var found []checks.Finding
	if len(serial) > 0 {
		found = append(found, checks.Finding{
			Level: checks.Warning, Text: "one image is pulled after the other, so that one pull that hangs at a switch holds up all pods of the node, on " + theNodes(serial), Remedy: pullRemedy,
		})
	}
	if len(unread) > 0 {
		found = append(found, checks.Finding{
			Level: checks.Unknown, Text: fmt.Sprintf("kubelet doesn't tell how it pulls on %s: %v", theNodes(unread), why),
			Remedy: "look again when these nodes answer", Late: errors.Is(over, context.DeadlineExceeded),
		})
	}
	for _, limit := range slices.Sorted(maps.Keys(limited)) {
		found = append(found, checks.Finding{Level: checks.OK, Text: fmt.Sprintf("up to %d images are pulled at once on %s", limit, theNodes(limited[limit]))})
	}
	if len(free) > 0 {
		found = append(found, checks.Finding{Level: checks.OK, Text: "images are pulled side by side on " + theNodes(free)})
	}
	return found
}

// theNodes names some of the nodes, and tells how many there are.
func theNodes(names []string) string {
	if len(names) == 1 {
		return "the node " + names[0]
	}
	text := fmt.Sprintf("%d nodes: %s", len(names), strings.Join(names[:min(namedNodes, len(names))], ", "))
	if len(names) > namedNodes {
		text += " and others"
	}
	return text
}

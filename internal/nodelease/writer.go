package nodelease

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

// requestTimeout is how long one write may take.
const requestTimeout = 10 * time.Second

// Writer writes the Lease of one node.
type Writer struct {
	client          rest.Interface
	namespace, node string
	now             func() time.Time
}

// New returns a Writer for the node's Lease in the namespace. It sends nothing
// yet; an error is for a configuration that leads to no API server.
func New(config *rest.Config, namespace, node string) (*Writer, error) {
	version := schema.GroupVersion{Group: "coordination.k8s.io", Version: "v1"}
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, version) // the API server's errors

	c := rest.CopyConfig(config)
	c.APIPath, c.GroupVersion = "/apis", &version
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.ContentType, c.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	c.Timeout = requestTimeout
	c.QPS = -1 // a write every few minutes needs no limit
	if c.UserAgent == "" {
		c.UserAgent = rest.DefaultKubernetesUserAgent()
	}
	client, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, err
	}
	return &Writer{client: client, namespace: namespace, node: node, now: time.Now}, nil
}

// Write makes the Lease say what the report says, and renews it. An error is one
// sentence with the namespace and name of the Lease, the cause and the remedy where there is one, the same
// each time for the same cause.
func (w *Writer) Write(ctx context.Context, r nodereport.Report) error {
	body, err := render(w.namespace, w.node, r, w.now())
	if err != nil {
		return err
	}
	// The delays between attempts are the caller's. Fields that somebody else has
	// edited are taken back: nobody else reports for this node.
	err = w.client.Patch(types.ApplyPatchType).Namespace(w.namespace).Resource("leases").Name(w.node).
		Param("fieldManager", nodereport.FieldManager).Param("force", "true").MaxRetries(0).Body(body).Do(ctx).Error()
	if err == nil {
		return nil
	}
	return fmt.Errorf("node report %s/%s can't be written: %w%s", w.namespace, w.node, cause(err), w.remedy(err))
}

// cause leaves out what differs with each attempt: the port that a connection came from.
func cause(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

func (w *Writer) remedy(err error) string {
	if !apierrors.IsForbidden(err) {
		return ""
	}
	return fmt.Sprintf("; a Role in namespace %s must allow create and patch on leases of coordination.k8s.io, "+
		"and a ValidatingAdmissionPolicy must let node %s write the Lease of its name", w.namespace, w.node)
}

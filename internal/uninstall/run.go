package uninstall

import (
	"context"
	"fmt"
	"io"
	"time"

	"k8s.io/client-go/kubernetes"
)

// Options say what is uninstalled.
type Options struct {
	Client kubernetes.Interface
	// Namespace is the release's.
	Namespace string
	// CoreDNSNamespace and CoreDNSConfigMap name the ConfigMap that may hold our
	// stanza. An empty name says that there is none.
	CoreDNSNamespace, CoreDNSConfigMap string
	// PullSecrets are the namespaces in which the product has written pull secrets; ["*"] is all.
	PullSecrets []string
	// Timeout is how long PrivateZone's record is waited for, and then nodes.
	Timeout time.Duration
	// Out gets sentences for people.
	Out io.Writer
}

// Run does what comes before anything is deleted. An error is one sentence with
// the remedy: Helm then deletes nothing. Nodes that stay silent are no error;
// they are listed with the command to run there.
func Run(ctx context.Context, o Options) error {
	if err := o.awaitRecords(ctx); err != nil {
		return err
	}
	marked, err := o.mark(ctx)
	if err != nil {
		return err
	}
	// Before the nodes, so that CoreDNS has that time to notice.
	if err := o.cleanCoreDNS(ctx); err != nil {
		return err
	}
	if !marked {
		o.Timeout = 0 // nobody can tell the nodes
	}
	if err := o.awaitNodes(ctx); err != nil {
		return err
	}
	// Whoever threw the switch meanwhile needs what would be deleted now.
	return o.confirm(ctx, marked)
}

func (o Options) say(format string, args ...any) { fmt.Fprintf(o.Out, format+"\n", args...) }

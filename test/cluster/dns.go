package cluster

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

//go:embed dns.yaml
var dnsManifest string

// startDNS applies CoreDNS as cluster DNS.
func (c *Cluster) startDNS(ctx context.Context) error {
	output, err := c.Apply(ctx, dnsManifest)
	if err != nil {
		return fmt.Errorf("could not install CoreDNS: %w: %s", err, output)
	}
	return nil
}

func (c *Cluster) awaitDNS(ctx context.Context) error {
	return c.Nodes[0].Kubelet.await(ctx, 2*time.Minute, func(ctx context.Context) error {
		coredns, err := c.Client.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if coredns.Status.ReadyReplicas == 0 {
			return errors.New("CoreDNS isn't ready")
		}
		return nil
	})
}

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/test/cluster"
)

const (
	// atOnce is how many requests fill the cluster at a time.
	atOnce     = 32
	podBytes   = 6 << 10 // which is common
	namespaces = 20
)

// fill makes pods, each with an image of its own, for which no kubelet speaks: so no
// digest is told that runs, and the primary's counts.
func fill(ctx context.Context, c *cluster.Cluster, pods int) error {
	begun := time.Now()
	core := c.Client.CoreV1()
	for n := range namespaces + 1 {
		name := fmt.Sprintf("load-%d", n)
		if n == namespaces {
			name = product
		}
		if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			return err
		}
		// Nothing runs here that makes it, and no pod is admitted without.
		if _, err := core.ServiceAccounts(name).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for n := range pods {
		group.Go(func() error {
			_, err := core.Pods(fmt.Sprintf("load-%d", n%namespaces)).Create(ctx, pod(n), metav1.CreateOptions{})
			return err
		})
	}
	err := group.Wait()
	fmt.Printf("%d pods after %.0f s\n", pods, time.Since(begun).Seconds())
	return err
}

// repository is the n-th pod's.
func repository(n int) string { return fmt.Sprintf("team-%d/app-%d", n%97, n) }

func pod(n int) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:        fmt.Sprintf("app-%d", n),
			Annotations: map[string]string{"example.com/filling": strings.Repeat("x", podBytes)},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "StatefulSet", Name: fmt.Sprintf("app-%d", n), UID: "1", Controller: new(true),
			}},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: cluster.Endpoint + "/" + repository(n) + ":1.0"}}},
	}
}

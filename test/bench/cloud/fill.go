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
	atOnce = 32
	// podsOnNode, imagesOnNode and podBytes are what is common: kubelet's own limit
	// is 110 pods, and it reports 50 images.
	podsOnNode, imagesOnNode, podBytes = 100, 50, 6 << 10
	namespaces                         = 20
	source                             = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
)

// fill makes Nodes and pods, of which each tenth names a source host.
func fill(ctx context.Context, c *cluster.Cluster, pods int) error {
	begun := time.Now()
	core := c.Client.CoreV1()
	for n := range namespaces {
		name := fmt.Sprintf("load-%d", n)
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
	for n := range (pods + podsOnNode - 1) / podsOnNode {
		group.Go(func() error {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName(n)}}
			for i := range imagesOnNode {
				node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{fmt.Sprintf("%s/shop/image-%d@sha256:%064d", source, i, n), image(i)}})
			}
			_, err := core.Nodes().Create(ctx, node, metav1.CreateOptions{})
			return err
		})
	}
	for n := range pods {
		group.Go(func() error {
			namespace := fmt.Sprintf("load-%d", n%namespaces)
			_, err := core.Pods(namespace).Create(ctx, pod(n), metav1.CreateOptions{})
			return err
		})
	}
	err := group.Wait()
	fmt.Printf("%d pods after %.0f s\n", pods, time.Since(begun).Seconds())
	return err
}

func nodeName(n int) string { return fmt.Sprintf("node-%04d", n) }

func image(n int) string { return fmt.Sprintf("%s/shop/image-%d:1", source, n) }

func pod(n int) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:        fmt.Sprintf("app-%d-%d", n/10, n),
			Annotations: map[string]string{"example.com/filling": strings.Repeat("x", podBytes)},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: fmt.Sprintf("app-%d", n/10), UID: "1", Controller: new(true),
			}},
		},
		Spec: corev1.PodSpec{NodeName: nodeName(n / podsOnNode), Containers: []corev1.Container{{Name: "app", Image: fmt.Sprintf("registry.example.com/shop/app-%d:1", n/10)}}},
	}
	if n%10 == 0 {
		p.Spec.Containers[0].Image = image(n / 10 % imagesOnNode)
	}
	return p
}

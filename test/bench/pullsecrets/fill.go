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
	namespaces = 50
	hostA      = "a-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
	hostB      = "b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"
)

// fill makes Secrets of about 1 KB: pull secrets for two instances, and others.
func fill(ctx context.Context, c *cluster.Cluster, secrets int) error {
	begun := time.Now()
	core := c.Client.CoreV1()
	for n := range namespaces {
		if _, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace(n)}}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	entry := fmt.Sprintf(`{"username":"ann","password":%q}`, strings.Repeat("p", 300))
	pull := map[string][]byte{corev1.DockerConfigJsonKey: fmt.Appendf(nil, `{"auths":{%q:%s,%q:%s}}`, hostA, entry, hostB, entry)}
	other := map[string][]byte{"token": []byte(strings.Repeat("t", 700))}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	create := func(name string, n int, kind corev1.SecretType, data map[string][]byte) {
		group.Go(func() error {
			_, err := core.Secrets(namespace(n%namespaces)).Create(ctx, &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", name, n), Annotations: map[string]string{"example.com/filling": strings.Repeat("x", 300)}},
				Type:       kind, Data: data,
			}, metav1.CreateOptions{})
			return err
		})
	}
	for n := range secrets {
		create("acr-credential", n, corev1.SecretTypeDockerConfigJson, pull)
		create("other", n, corev1.SecretTypeOpaque, other)
	}
	err := group.Wait()
	fmt.Printf("%d Secrets after %.0f s\n", 2*secrets, time.Since(begun).Seconds())
	return err
}

func namespace(n int) string { return fmt.Sprintf("team-%d", n) }

const configuration = `apiVersion: registry-failover.io/v1alpha1
kind: Config
pullSecrets: {mode: Derive, namespaces: ["*"]}
endpoints:
- name: cross-region.registry.io
  primary: zhangjiakou
  instances:
  - {name: hangzhou, id: cri-aaaaa, region: cn-hangzhou, publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com, internalEndpoint: ` + hostA + `, network: internal, internalAddresses: [10.1.0.10]}
  - {name: zhangjiakou, id: cri-bbbbb, region: cn-zhangjiakou, publicEndpoint: b-registry.cn-zhangjiakou.cr.aliyuncs.com, internalEndpoint: ` + hostB + `, network: internal, internalAddresses: [10.2.0.10]}
`

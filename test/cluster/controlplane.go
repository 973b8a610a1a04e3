package cluster

import (
	"context"
	"os"
	"time"
)

const server = "https://127.0.0.1:6443"

// startAPI returns when the API server answers.
func (c *Cluster) startAPI(ctx context.Context) error {
	c.Etcd = c.process("etcd", c.Tool("etcd", "etcd"),
		"--data-dir", path("etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", "http://127.0.0.1:2379", "--advertise-client-urls", "http://127.0.0.1:2379",
		"--listen-peer-urls", "http://127.0.0.1:2380")
	c.APIServer = c.process("kube-apiserver", c.Tool("kubernetes", "kube-apiserver"),
		"--etcd-servers", "http://127.0.0.1:2379",
		"--bind-address", "0.0.0.0", "--advertise-address", node1, "--secure-port", "6443",
		"--tls-cert-file", path("apiserver.crt"), "--tls-private-key-file", path("apiserver.key"),
		"--client-ca-file", path("ca.crt"),
		"--kubelet-preferred-address-types", "InternalIP",
		"--kubelet-client-certificate", path("apiserver-kubelet.crt"), "--kubelet-client-key", path("apiserver-kubelet.key"),
		"--service-account-key-file", path("accounts.key"), "--service-account-signing-key-file", path("accounts.key"),
		"--service-account-issuer", "https://kubernetes.default.svc",
		"--service-cluster-ip-range", serviceCIDR,
		"--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
		"--audit-policy-file", path("audit.yaml"), "--audit-log-path", c.AuditLog(),
		"--allow-privileged")
	if err := os.WriteFile(path("audit.yaml"), []byte(auditPolicy), 0o644); err != nil {
		return err
	}
	if err := c.Etcd.Start(); err != nil {
		return err
	}
	return c.startAPIServer(ctx)
}

func (c *Cluster) startControllers(context.Context) error {
	admin := c.Kubeconfig()
	c.controllers = c.process("kube-controller-manager", c.Tool("kubernetes", "kube-controller-manager"),
		"--kubeconfig", admin, "--leader-elect=false", "--use-service-account-credentials",
		"--service-account-private-key-file", path("accounts.key"), "--root-ca-file", path("ca.crt"),
		"--cluster-signing-cert-file", path("ca.crt"), "--cluster-signing-key-file", path("ca.key"),
		"--flex-volume-plugin-dir", path("volume-plugins"))
	c.scheduler = c.process("kube-scheduler", c.Tool("kubernetes", "kube-scheduler"),
		"--kubeconfig", admin, "--leader-elect=false")
	return c.runControllers()
}

func (c *Cluster) runControllers() error {
	if err := c.controllers.Start(); err != nil {
		return err
	}
	return c.scheduler.Start()
}

// RestartAPIServer starts the API server after it was killed, and anew what
// schedules and controls: whoever has lost the API server asks less and less
// often, so that a pod could wait for a minute.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	if err := c.startAPIServer(ctx); err != nil || c.controllers == nil {
		return err
	}
	c.controllers.Kill()
	c.scheduler.Kill()
	return c.runControllers()
}

// startAPIServer returns when the API server is ready.
func (c *Cluster) startAPIServer(ctx context.Context) error {
	if err := c.APIServer.Start(); err != nil {
		return err
	}
	return c.APIServer.await(ctx, 2*time.Minute, func(ctx context.Context) error {
		return c.Client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/registry-failover/registry-failover/test/standin"
)

// writeKeys writes what the control plane identifies itself with, below dir.
func (c *Cluster) writeKeys(context.Context) error {
	var err error
	if c.Authority, err = standin.NewAuthority(); err != nil {
		return err
	}
	key, err := c.Authority.KeyPEM()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path("ca.crt"), c.Authority.PEM(), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(path("ca.key"), key, 0o600); err != nil {
		return err
	}
	server, err := c.Authority.Server("127.0.0.1", node1, apiService, "kubernetes", "kubernetes.default", "kubernetes.default.svc")
	if err != nil {
		return err
	}
	kubelets, err := c.Authority.Client("kube-apiserver-kubelet-client", "system:masters")
	if err != nil {
		return err
	}
	for name, certificate := range map[string]tls.Certificate{"apiserver": server, "apiserver-kubelet": kubelets} {
		if err := writePair(name, certificate); err != nil {
			return err
		}
	}
	accounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(accounts)
	if err != nil {
		return err
	}
	return os.WriteFile(path("accounts.key"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

func writePair(name string, pair tls.Certificate) error {
	certificate, key, err := standin.EncodePEM(pair)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path(name+".crt"), certificate, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path(name+".key"), key, 0o600)
}

// writeKubeconfig writes credentials for a user, to be used at server.
func (c *Cluster) writeKubeconfig(file, server, user string, groups ...string) error {
	pair, err := c.Authority.Client(user, groups...)
	if err != nil {
		return err
	}
	certificate, key, err := standin.EncodePEM(pair)
	if err != nil {
		return err
	}
	const name = "registry-failover"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: c.Authority.PEM()}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, file)
}

// dir holds everything of a cluster. It is in the sandbox's memory.
const dir = "/run/cluster"

func path(elements ...string) string { return filepath.Join(append([]string{dir}, elements...)...) }

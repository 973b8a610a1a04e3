package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/registry-failover/registry-failover/test/sandbox"
	"github.com/registry-failover/registry-failover/test/standin"
)

// Cluster is a running one, as seen from inside its sandbox.
type Cluster struct {
	// Root is the repository's directory, Dir one outside the sandbox, Logs holds one file per program.
	Root, Dir, Logs string
	Config          *rest.Config
	Client          *kubernetes.Clientset
	Authority       *standin.Authority
	APIServer, Etcd *Process
	Nodes           []*Node
	// Hangzhou is A of the manual procedure's example, Zhangjiakou is B, the primary.
	Hangzhou, Zhangjiakou *Instance
	PrivateZone           *standin.PrivateZone

	controllers, scheduler *Process
	images                 map[string]v1.Image // that each node has
	box                    sandbox.Box
}

// NodeFile is the path by which a file of the node is found outside the sandbox.
func (c *Cluster) NodeFile(file string) (string, error) { return c.box.FromOutside(file) }

// OutsideKubeconfig is the path of an administrator's that works outside the
// sandbox, where Options.Listener was given.
func (c *Cluster) OutsideKubeconfig() string { return filepath.Join(c.Dir, "admin.conf") }

// Kubeconfig is the path of an administrator's.
func (c *Cluster) Kubeconfig() string { return path("admin.conf") }

// start returns when pods can be created on so many nodes, and names be resolved.
func (c *Cluster) start(ctx context.Context, nodes int) error {
	node := c.nextNode()
	c.Nodes = []*Node{node}
	further := func(ctx context.Context) error { return c.startNodes(ctx, nodes-1) }
	of := func(step func(context.Context, *Node) error) func(context.Context) error {
		return func(ctx context.Context) error { return step(ctx, node) }
	}
	return c.steps(ctx,
		c.makeDirectories, c.writeKeys, of(c.mountEtc), c.maskVar, c.setUpNetwork, c.startCloud,
		c.connect, c.startAPI, c.startControllers,
		of(c.startContainerd), func(context.Context) error { return c.startKubelet(node) },
		c.makeImages, of(c.importImages), c.startDNS, further, c.awaitNodes, c.awaitDNS, c.expose,
	)
}

// startWithoutNode returns when the API server answers.
func (c *Cluster) startWithoutNode(ctx context.Context) error {
	return c.steps(ctx, c.makeDirectories, c.writeKeys, c.setUpNetwork, c.connect, c.startAPI, c.expose)
}

func (c *Cluster) steps(ctx context.Context, steps ...func(context.Context) error) error {
	begin := time.Now()
	fmt.Println("cluster: starting, which takes about 20 s")
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	fmt.Printf("cluster: up after %.1f s\n", time.Since(begin).Seconds())
	return nil
}

func (c *Cluster) makeDirectories(context.Context) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.MkdirAll(c.Logs, 0o755)
}

// connect sets up the administrator's client, of an API server that need not run yet.
func (c *Cluster) connect(context.Context) error {
	err := c.writeKubeconfig(c.Kubeconfig(), server, "admin", "system:masters")
	if err != nil {
		return err
	}
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig()); err != nil {
		return err
	}
	c.Config.QPS = -1 // a test waits for conditions, not for its own limiter
	c.Client, err = kubernetes.NewForConfig(c.Config)
	return err
}

// root finds the repository from the directory of a test or a command in it.
func root() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; at != "/"; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
	}
	return "", errors.New("this runs inside the repository")
}

// Command demo leaves a real cluster running with the chart installed, and
// tells how to throw the switch there.
//
//	go run ./test/cluster/demo                starts one
//	go run ./test/cluster/demo --nodes 3      starts one of three nodes
//	go run ./test/cluster/demo end DIR        ends it
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/registry-failover/registry-failover/test/cluster"
	"github.com/registry-failover/registry-failover/test/sandbox"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "end" {
		if err := sandbox.Stop(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	nodes := flag.Int("nodes", 1, "how many nodes the cluster has; each further one takes about 350 MB of memory")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: demo [--nodes N]\n       demo end DIR")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || *nodes < 1 {
		flag.Usage()
		os.Exit(2)
	}
	socket, err := listen()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(cluster.Main(cluster.Options{Detach: true, Listener: socket, Nodes: *nodes}, func(ctx context.Context, c *cluster.Cluster) int {
		if err := install(ctx, c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if err := tell(c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}))
}

// listen takes a free port of this machine for the cluster's API server.
func listen() (*os.File, error) {
	if !sandbox.Outside() {
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return nil, errors.New("the listener has no file")
	}
	return tcp.File()
}

// deployment names the primary alone, and pulls each time that a pod starts.
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: %q, imagePullPolicy: Always}]
`

func install(ctx context.Context, c *cluster.Cluster) error {
	fmt.Println("installing the chart")
	chart := filepath.Join(c.Root, "charts", "registry-failover")
	if output, err := c.Helm(ctx, 4, "install", "registry-failover", chart, "--namespace", "registry-failover", "--create-namespace",
		"--values", filepath.Join(chart, "examples", "two-regions.yaml"),
		"--set", "image.registry="+cluster.ProductRegistry, "--set", "image.tag="+cluster.ProductTag,
		"--wait", "--timeout", "3m"); err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	if output, err := c.Apply(ctx, fmt.Sprintf(deployment, c.Zhangjiakou.InternalEndpoint+"/"+cluster.WebImage)); err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	_, err := c.Kubectl(ctx, "rollout", "status", "deployment/web", "--timeout", "1m")
	return err
}

func tell(c *cluster.Cluster) error {
	nodes := "1 node"
	if len(c.Nodes) > 1 {
		nodes = fmt.Sprintf("%d nodes", len(c.Nodes))
	}
	var hosts []string
	for _, n := range c.Nodes {
		file, err := c.NodeFile(n.Etc("hosts"))
		if err != nil {
			return err
		}
		hosts = append(hosts, file)
	}
	fmt.Printf(`
A cluster of %s runs, with Registry Failover and a Deployment that names the
primary: its image was rewritten, and pulled from zhangjiakou.

    export KUBECONFIG=%s PATH=$PATH:%s
    kubectl get pods -A
    kubectl get pods -o jsonpath='{.items[*].spec.containers[*].image}{"\n"}'

Throw the switch, and look at the hosts file of each node:

    kubectl -n registry-failover patch configmap registry-failover --type merge \
        -p '{"data":{"%s":"hangzhou"}}'
    cat %s
    kubectl rollout restart deployment/web     # pulls from hangzhou: see %s

And back:

    kubectl -n registry-failover patch configmap registry-failover --type merge \
        -p '{"data":{"%s":"privatezone"}}'

End the cluster:

    go run ./test/cluster/demo end %s
`, nodes, c.OutsideKubeconfig(), filepath.Dir(c.Tool("kubernetes", "kubectl")), cluster.Endpoint, strings.Join(hosts, " "), c.AccessLog(c.Hangzhou), cluster.Endpoint, c.Dir)
	return nil
}

// Command kubectl-registry_failover is the kubectl plugin
// `kubectl registry-failover`; internal/cli has its verbs.
package main

import (
	"context"
	"os"

	"github.com/registry-failover/registry-failover/internal/cli"
)

// Signals end the program as they do by default: it holds nothing that needs tidying, but for
// a drill, which sees to that itself.
func main() {
	os.Exit(cli.Run(context.Background(), cli.Arguments(os.Args), os.Stdin, os.Stdout, os.Stderr))
}

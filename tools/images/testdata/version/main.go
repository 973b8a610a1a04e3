// Command version prints the version that it was linked with.
package main

import (
	"fmt"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
)

func main() { fmt.Print(diagnostics.Version()) }

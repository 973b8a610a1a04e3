package main

import (
	"os"

	hooks "github.com/registry-failover/registry-failover/internal/uninstall"
)

// cleanup is `controller cleanup`, Helm's post-delete hook. It returns the exit code.
func cleanup(args []string) int {
	const name = "controller cleanup"
	o := hooks.Options{Out: os.Stdout}
	return runHook(name, hookFlags(name, &o), args, &o, hooks.Cleanup)
}

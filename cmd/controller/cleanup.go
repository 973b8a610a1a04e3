package main

import (
	"context"
	"errors"
	"os"
	"strings"

	hooks "github.com/registry-failover/registry-failover/internal/uninstall"
)

// cleanup is `controller cleanup`, Helm's post-delete hooks: one for what is in the
// release's namespace, and one for pull secrets. It returns the exit code.
func cleanup(args []string) int {
	const name = "controller cleanup"
	o := hooks.Options{Out: os.Stdout}
	flags := hookFlags(name, &o)
	flags.Func("pull-secrets", "delete the pull secrets that the product has written in these `NAMESPACES`, a comma between two, or * for all, and nothing else", func(list string) error {
		if list == "" {
			return errors.New("name a namespace, or * for all")
		}
		o.PullSecrets = strings.Split(list, ",")
		return nil
	})
	return runHook(name, flags, args, &o, func(ctx context.Context, o hooks.Options) error {
		if len(o.PullSecrets) > 0 {
			return hooks.CleanupPullSecrets(ctx, o)
		}
		return hooks.Cleanup(ctx, o)
	})
}

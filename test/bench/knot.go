package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// startKnot runs Knot DNS as it comes, with one zone of the record that the
// resolver has too, and returns when it answers. It is nil where Knot isn't installed.
func startKnot(ctx context.Context, dir string) (*server, error) {
	path, err := exec.LookPath("knotd")
	if err != nil {
		path = "/usr/sbin/knotd" // which isn't in every user's PATH
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			fmt.Fprintln(os.Stderr, "Knot is not measured, because it is missing: apt-get install knot")
			return nil, nil
		}
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := writeZone(dir)
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp(dir, "knot-")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(state, "knot.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, `server:
    rundir: %[1]q
    listen: 127.0.0.1@%[2]d
log:
  - target: stderr
    any: error
database:
    storage: %[1]q
zone:
  - domain: %[3]s
    file: %[4]q
`, state, port, endpoint, zone), 0o644); err != nil {
		return nil, err
	}
	return startReference(ctx, "Knot", port, path, "-c", config)
}

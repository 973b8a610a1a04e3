package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// startCoreDNS runs CoreDNS's file plugin with the one record that the resolver
// has too, and returns when it answers.
func startCoreDNS(ctx context.Context, path, dir string) (*server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := writeZone(dir)
	if err != nil {
		return nil, err
	}
	corefile := filepath.Join(dir, "Corefile")
	// Port 0 can't be asked for: CoreDNS doesn't tell which one it got.
	content := fmt.Sprintf("%s:%d {\n  bind 127.0.0.1\n  file %s\n}\n", endpoint, port, zone)
	if err := os.WriteFile(corefile, []byte(content), 0o644); err != nil {
		return nil, err
	}
	return startReference(ctx, "CoreDNS", port, path, "-conf", corefile)
}

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/registry-failover/registry-failover/test/bench/program"
)

// startCoreDNS runs CoreDNS's file plugin with the one record that the resolver
// has too, and returns when it answers.
func startCoreDNS(ctx context.Context, path, dir string) (*server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	zone := filepath.Join(dir, "zone")
	corefile := filepath.Join(dir, "Corefile")
	for file, content := range map[string]string{
		zone: fmt.Sprintf("$ORIGIN %s.\n@ 5 IN SOA ns hostmaster 1 7200 3600 1209600 5\n@ 5 IN A %s\n",
			endpoint, instances[0].address),
		// Port 0 can't be asked for: CoreDNS doesn't tell which one it got.
		corefile: fmt.Sprintf("%s:%d {\n  bind 127.0.0.1\n  file %s\n}\n", endpoint, port, zone),
	} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	var said program.Tail
	started, err := program.Start(ctx, said.Add, path, "-conf", corefile)
	if err != nil {
		return nil, err
	}
	s := &server{Program: started, addr: fmt.Sprintf("127.0.0.1:%d", port)}
	if err := s.awaitAnswer(ctx, instances[0].address); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w; its last lines are:\n%s", err, &said)
	}
	return s, nil
}

// freePort returns a UDP port of loopback that was free a moment ago.
func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	socket, err := config.ListenPacket(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("could not find a free port: %w", err)
	}
	defer socket.Close()
	return socket.LocalAddr().(*net.UDPAddr).Port, nil
}

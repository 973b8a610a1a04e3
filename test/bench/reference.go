package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/registry-failover/registry-failover/test/bench/program"
)

// startReferences runs what the resolver is compared with: CoreDNS where its
// path is given, Knot where it is installed, and an echo.
func startReferences(ctx context.Context, coredns, dir string) (started []*server, err error) {
	if coredns == "" {
		return nil, nil
	}
	for _, start := range []func() (*server, error){
		func() (*server, error) { return startCoreDNS(ctx, coredns, dir) },
		func() (*server, error) { return startKnot(ctx, dir) },
		func() (*server, error) { return startEcho(ctx) },
	} {
		s, err := start()
		if err != nil {
			return nil, err // what runs ends with ctx
		}
		if s != nil {
			started = append(started, s)
		}
	}
	return started, nil
}

// startReference runs a DNS server on a port of loopback and returns when it answers.
func startReference(ctx context.Context, name string, port int, path string, args ...string) (*server, error) {
	var said program.Tail
	started, err := program.Start(ctx, said.Add, path, args...)
	if err != nil {
		return nil, err
	}
	s := &server{Program: started, name: name, addr: fmt.Sprintf("127.0.0.1:%d", port)}
	if err := s.awaitAnswer(ctx, instances[0].address); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w; its last lines are:\n%s", err, &said)
	}
	return s, nil
}

// writeZone writes the zone file of the references and returns its path.
func writeZone(dir string) (string, error) {
	zone := filepath.Join(dir, "zone")
	content := fmt.Sprintf("$ORIGIN %s.\n@ 5 IN SOA ns hostmaster 1 7200 3600 1209600 5\n@ 5 IN NS ns.example.\n@ 5 IN A %s\n",
		endpoint, instances[0].address)
	return zone, os.WriteFile(zone, []byte(content), 0o644)
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

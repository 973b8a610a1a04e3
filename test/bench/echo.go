package main

import (
	"context"
	"os"

	"github.com/registry-failover/registry-failover/test/bench/program"
)

// startEcho runs this program again, as the echo.
func startEcho(ctx context.Context) (*server, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	started, addr, err := program.StartListening(ctx, "dns", own, "-echo")
	if err != nil {
		return nil, err
	}
	return &server{Program: started, name: "echo", addr: addr}, nil
}

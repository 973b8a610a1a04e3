package main

import "github.com/registry-failover/registry-failover/test/bench/program"

// A server is a DNS server that was started to be measured.
type server struct {
	*program.Program
	addr  string // where it answers DNS
	hosts string // the resolver's hosts file
	dir   string // the resolver's --dir
}

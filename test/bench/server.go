package main

import (
	"slices"

	"github.com/registry-failover/registry-failover/test/bench/program"
	"github.com/registry-failover/registry-failover/test/standin"
)

// A server is a DNS server that was started to be measured.
type server struct {
	*program.Program
	name  string // of a reference
	addr  string // where it answers DNS
	hosts string // the resolver's hosts file
	dir   string // the resolver's --dir

	metrics     string // the resolver's, host:port
	privateZone *standin.PrivateZone
}

// upstreamQueries is how many queries the resolver has sent so far.
func (s *server) upstreamQueries() int64 { return s.privateZone.Queries() }

// find returns the server of a name, nil where it doesn't run.
func find(servers []*server, name string) *server {
	i := slices.IndexFunc(servers, func(s *server) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return servers[i]
}

package main

import (
	"net"
	"net/netip"
	"slices"
)

// servers are the DNS servers that are asked: those of --upstream, or the node's.
// A switch to internal needs none, so that nothing that is wrong with them stops a start.
func (o options) servers() []netip.AddrPort {
	all := o.upstream
	if all == nil {
		var err error
		if all, err = systemServers(); err != nil {
			o.log.Error("the node's DNS servers are not known and nothing can be looked up: name them with --upstream", "error", err)
		}
	}
	local, err := net.InterfaceAddrs()
	if err != nil {
		o.log.Error("the addresses of this host are not known, among which may be a DNS server", "error", err)
	}
	asked := others(all, o.listen, local)
	if len(asked) < len(all) {
		o.log.Error("the resolver itself is among its DNS servers and isn't asked: name others with --upstream", "listen", o.listen)
	}
	return asked
}

// others are the servers that aren't the resolver itself, listening at listen: it
// would take its own answers for PrivateZone's. Nothing is left out where listen
// can't be listened on, which is reported then. Local are the host's addresses.
func others(servers []netip.AddrPort, listen string, local []net.Addr) []netip.AddrPort {
	at, err := net.ResolveUDPAddr("udp", listen)
	if listen == "" || err != nil {
		return servers
	}
	own := netip.AddrPortFrom(at.AddrPort().Addr().Unmap(), uint16(at.Port))
	return slices.DeleteFunc(slices.Clone(servers), func(s netip.AddrPort) bool {
		addr := s.Addr().Unmap()
		switch {
		case s.Port() != own.Port():
			return false
		case own.Addr().IsValid() && !own.Addr().IsUnspecified():
			return addr == own.Addr()
		}
		return addr.IsLoopback() || addr.IsUnspecified() || slices.ContainsFunc(local, func(a net.Addr) bool {
			prefix, err := netip.ParsePrefix(a.String())
			return err == nil && prefix.Addr().Unmap() == addr.WithZone("")
		})
	})
}

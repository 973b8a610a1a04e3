package zone

import (
	"errors"
	"net/netip"
)

// cloudServices is where Alibaba Cloud keeps its own link-level services (DNS,
// metadata, image mirrors): no registry instance has an address there.
var cloudServices = netip.MustParsePrefix("100.100.0.0/16")

// CheckAddr returns an error that says why an address can't be a registry's:
// answers and hosts files get no other addresses, wherever they come from.
func CheckAddr(a netip.Addr) error {
	a = a.Unmap()
	switch {
	case !a.IsValid():
		return errors.New("is not an IP address")
	case a.Zone() != "":
		return errors.New("has an IPv6 zone")
	case a.IsUnspecified():
		return errors.New("is the unspecified address")
	case a.IsLoopback():
		return errors.New("is a loopback address")
	case a.IsLinkLocalUnicast():
		return errors.New("is a link-local address")
	case a.IsMulticast(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return errors.New("is a multicast or broadcast address")
	case cloudServices.Contains(a):
		return errors.New("is in 100.100.0.0/16, which the cloud keeps for its own services")
	}
	return nil
}

// usable keeps the addresses that may be answered, each once, in their order.
func usable(addrs []netip.Addr) []netip.Addr {
	var kept []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, a := range addrs {
		a = a.Unmap()
		if CheckAddr(a) == nil && !seen[a] {
			seen[a] = true
			kept = append(kept, a)
		}
	}
	return kept
}

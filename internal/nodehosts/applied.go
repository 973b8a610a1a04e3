package nodehosts

import "net/netip"

// Applied returns what the block of a hosts file holds now: addresses by name,
// in the file's order, also those that would never be written. It is empty when
// there is no block. A block without its BEGIN or END line isn't counted.
func Applied(content []byte) map[string][]netip.Addr {
	return collect(classify(content, nil), true)
}

// Foreign returns what the lines outside the block say, in the same form. Where
// they name a shared endpoint too, resolvers mix both or take the first, so the
// block alone doesn't decide where the node goes.
func Foreign(content []byte) map[string][]netip.Addr {
	return collect(classify(content, nil), false)
}

func collect(lines []line, ours bool) map[string][]netip.Addr {
	found := map[string][]netip.Addr{}
	for _, l := range lines {
		if l.ours != ours {
			continue
		}
		addr, hosts := l.parse()
		for _, host := range hosts {
			found[host] = append(found[host], addr)
		}
	}
	return found
}

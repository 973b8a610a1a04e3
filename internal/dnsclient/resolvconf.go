package dnsclient

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// SystemServers reads the DNS servers of a resolv.conf(5), each once, in their
// order, with port 53. Like the C library it passes over lines that it doesn't
// understand. It is an error when no server is left: the C library would ask
// the node itself then, which is never what PrivateZone needs.
func SystemServers(resolvConf io.Reader) ([]netip.AddrPort, error) {
	var servers []netip.AddrPort
	lines := bufio.NewScanner(resolvConf)
	for lines.Scan() {
		// A comment begins with # or ; and so never with the word itself.
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		addr, err := netip.ParseAddr(fields[1])
		if err != nil {
			continue
		}
		if server := netip.AddrPortFrom(addr, 53); !slices.Contains(servers, server) {
			servers = append(servers, server)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("could not read resolv.conf: %w", err)
	}
	if len(servers) == 0 {
		return nil, errors.New("resolv.conf names no DNS server: add a line such as `nameserver 100.100.2.136`, or name the servers explicitly")
	}
	return servers, nil
}

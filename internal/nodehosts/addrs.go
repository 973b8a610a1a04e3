package nodehosts

import (
	"net/netip"
	"slices"
	"strings"
)

// Addrs reads what a hosts file says of a name, as resolvers do: the addresses of all
// lines that have it, in the file's order, in the block or not. A file that is missing
// says nothing. An error is one sentence.
func Addrs(path, name string) ([]netip.Addr, error) {
	file, err := takeSnapshot(path)
	if err != nil {
		return nil, err
	}
	return addrsOf(file.content, name), nil
}

func addrsOf(content []byte, name string) []netip.Addr {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	var found []netip.Addr
	for text := range strings.Lines(string(content)) {
		addr, hosts := line{text: text}.parse()
		if slices.Contains(hosts, name) {
			found = append(found, addr)
		}
	}
	return found
}

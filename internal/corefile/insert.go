package corefile

import (
	"fmt"
	"strings"
)

// Stanza is the text, markers included, that leads the zones to a resolver at an
// IP address. The servers of CoreDNS's own resolv.conf, the VPC's, are asked while
// that one is away, over UDP whatever the pod used, since they know TCP badly.
// It has no cache: an answer must not outlive a switch.
func Stanza(zones []string, address string) string {
	var text strings.Builder
	text.WriteString(Begin + "\n")
	for _, zone := range zones {
		fmt.Fprintf(&text, `%s:53 {
    errors
    forward . %s /etc/resolv.conf {
        policy sequential
        prefer_udp
    }
}
`, zone, address)
	}
	text.WriteString(End + "\n")
	return text.String()
}

// Insert puts the stanza into a Corefile: where one stands already, else at the
// end, or at the beginning of a text that ends within a line. [Remove] then gives
// the same as before. An error says why CoreDNS wouldn't take it, or what else is
// for one of the zones.
func Insert(text string, zones []string, address string) (string, error) {
	rest, at, err := cut(text)
	if err != nil {
		return "", err
	}
	blocks, err := Parse(rest)
	if err != nil {
		return "", err
	}
	for _, zone := range zones {
		if servers(blocks, zone) > 0 {
			return "", fmt.Errorf("there is a server block for %s already, outside of the lines from %q to %q, and CoreDNS takes only one: remove it", zone, Begin, End)
		}
	}
	if at < 0 && (rest == "" || strings.HasSuffix(rest, "\n")) {
		at = len(rest)
	}
	at = max(at, 0)
	result := rest[:at] + Stanza(zones, address) + rest[at:]
	blocks, err = Parse(result)
	if err != nil {
		return "", err
	}
	for _, zone := range zones {
		if servers(blocks, zone) != 1 {
			return "", fmt.Errorf("the lines from %q to %q stand within a server block: move them behind it", Begin, End)
		}
	}
	return result, nil
}

// servers is how many blocks are for the zone.
func servers(blocks []Block, zone string) int {
	n := 0
	for i := range blocks {
		if blocks[i].Serves(zone) {
			n++
		}
	}
	return n
}

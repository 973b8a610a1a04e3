package nodehosts

import (
	"net/netip"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

const (
	begin = "# BEGIN registry-failover"
	end   = "# END registry-failover"
)

// line is one line of a hosts file.
type line struct {
	// text includes the line's end, "\n" or "\r\n"; the last line may have none.
	text string
	// ours says that the line may be replaced or taken away.
	ours bool
}

// marker returns begin or end when the line is one of the two, else "".
func (l line) marker() string {
	switch text := strings.TrimRight(l.text, " \t\r\n\v\f"); text {
	case begin, end:
		return text
	}
	return ""
}

// classify cuts the content into lines and says which are ours.
//
// From BEGIN to END everything is. A BEGIN that another BEGIN or the end of the
// file follows has lost its END: then only it and the lines directly behind it
// are ours that we could have written for one of the names. An END that no BEGIN
// belongs to has lost it, and the same holds for the lines directly before it.
func classify(content []byte, names map[string]bool) []line {
	var lines []line
	for text := range strings.Lines(string(content)) {
		lines = append(lines, line{text: text})
	}
	for i := 0; i < len(lines); i++ {
		switch lines[i].marker() {
		case end:
			lines[i].ours = true
			for before := i - 1; before >= 0 && lines[before].isWrittenFor(names); before-- {
				lines[before].ours = true
			}
		case begin:
			last := blockEnd(lines, i, names)
			for ; i < last; i++ {
				lines[i].ours = true
			}
			lines[i].ours = true
		}
	}
	return lines
}

// blockEnd returns the index of the last line that belongs to the BEGIN line at start.
func blockEnd(lines []line, start int, names map[string]bool) int {
	next := start + 1
	for next < len(lines) && lines[next].marker() == "" {
		next++
	}
	if next < len(lines) && lines[next].marker() == end {
		return next
	}
	last := start
	for last+1 < next && lines[last+1].isWrittenFor(names) {
		last++
	}
	return last
}

// isWrittenFor says whether the line is byte for byte what we write for one of
// the names. Only the newline may be missing, at the end of the file.
func (l line) isWrittenFor(names map[string]bool) bool {
	text := strings.TrimSuffix(l.text, "\n")
	addr, hosts := l.parse()
	return len(hosts) == 1 && names[hosts[0]] && zone.CheckAddr(addr) == nil &&
		Entry{addr, hosts[0]}.line() == text+"\n"
}

// parse reads a line as resolvers do: an address, names, a comment. Names come
// back lowercase and without a final dot. A line of another form has no names.
func (l line) parse() (netip.Addr, []string) {
	text, _, _ := strings.Cut(l.text, "#")
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(fields[0])
	if err != nil {
		return netip.Addr{}, nil
	}
	hosts := fields[1:]
	for i, host := range hosts {
		hosts[i] = strings.TrimSuffix(strings.ToLower(host), ".")
	}
	return addr.Unmap(), hosts
}

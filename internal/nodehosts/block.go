package nodehosts

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Entry is one line of the block.
type Entry struct {
	// Addr is an address that zone.CheckAddr accepts.
	Addr netip.Addr
	// Name is a lowercase DNS name of two labels or more, without a final dot.
	Name string
}

// line is our own written form: nothing else is ever put between the markers.
func (e Entry) line() string { return e.Addr.String() + " " + e.Name + "\n" }

// Block is what the marked block shall hold. The zero value removes it.
type Block struct {
	// Entries are written by name; a name's addresses stay in the given order, each once.
	Entries []Entry
	// Keep lists names whose answer isn't known at the moment: the usable
	// addresses that the block has for them stay. A name in Entries is not kept.
	Keep []string
	// Lost are written for a name in Keep of which the block has no usable address
	// any more, because somebody else has written the file.
	Lost []Entry
	// Known lists further names that an earlier block may hold, such as all
	// configured endpoints. It matters only where the BEGIN or the END line was
	// deleted: lines of other names are taken for foreign ones there, and stay.
	Known []string
}

// Equal says whether both say the same in the same order.
func (b Block) Equal(c Block) bool {
	return slices.Equal(b.Entries, c.Entries) && slices.Equal(b.Keep, c.Keep) && slices.Equal(b.Lost, c.Lost) && slices.Equal(b.Known, c.Known)
}

func (b Block) check() error {
	for _, e := range slices.Concat(b.Entries, b.Lost) {
		if err := checkName(e.Name); err != nil {
			return err
		}
		if err := zone.CheckAddr(e.Addr); err != nil {
			return fmt.Errorf("address %q of %q %w: only an address that a registry can have goes into a hosts file", e.Addr, e.Name, err)
		}
	}
	for _, name := range slices.Concat(b.Keep, b.Known) {
		if err := checkName(name); err != nil {
			return err
		}
	}
	return nil
}

func checkName(name string) error {
	if !zone.IsDNSName(name) || !strings.Contains(name, ".") {
		return fmt.Errorf("name %q can't go into a hosts file: give a lowercase DNS name of two labels or more, without a final dot", name)
	}
	return nil
}

// names are all that a block without BEGIN or END is searched for.
func (b Block) names() map[string]bool {
	names := map[string]bool{}
	for _, e := range b.Entries {
		names[e.Name] = true
	}
	for _, name := range slices.Concat(b.Keep, b.Known) {
		names[name] = true
	}
	return names
}

// entries are the lines to write, given what the file's own lines hold now.
func (b Block) entries(present map[string][]netip.Addr) []Entry {
	var all []Entry
	answered := map[string]bool{}
	for _, e := range b.Entries {
		answered[e.Name] = true
		all = append(all, e)
	}
	for _, name := range b.Keep {
		if answered[name] {
			continue
		}
		kept := usable(name, present[name])
		if len(kept) == 0 {
			kept = slices.DeleteFunc(slices.Clone(b.Lost), func(e Entry) bool { return e.Name != name })
		}
		all = append(all, kept...)
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return unique(all)
}

// usable are a name's lines that stay: somebody may have edited the block, so what
// is kept is checked again.
func usable(name string, present []netip.Addr) []Entry {
	var all []Entry
	for _, addr := range present {
		if zone.CheckAddr(addr) == nil {
			all = append(all, Entry{addr, name})
		}
	}
	return all
}

func unique(entries []Entry) []Entry {
	var once []Entry
	seen := map[Entry]bool{}
	for _, e := range entries {
		e.Addr = e.Addr.Unmap()
		if !seen[e] {
			seen[e] = true
			once = append(once, e)
		}
	}
	return once
}

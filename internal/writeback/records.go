package writeback

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// current is what records lead to: one CNAME, or addresses.
func current(records []alibaba.Record) zone.Records {
	var now zone.Records
	for _, r := range records {
		if r.Target != "" {
			return zone.Records{CNAME: r.Target}
		}
		now.Addrs = append(now.Addrs, r.Addr)
	}
	return now
}

func empty(r zone.Records) bool { return r.CNAME == "" && len(r.Addrs) == 0 }

// same compares without regard to order.
func same(a, b zone.Records) bool {
	if a.CNAME != "" || b.CNAME != "" {
		return a.CNAME == b.CNAME
	}
	return slices.Equal(sorted(a.Addrs), sorted(b.Addrs))
}

func sorted(addrs []netip.Addr) []netip.Addr {
	return slices.Compact(slices.SortedFunc(slices.Values(addrs), netip.Addr.Compare))
}

// edited gives a record's value that nobody but a person can have written.
func edited(records []alibaba.Record, known []zone.Records) string {
	for _, r := range records {
		if !slices.ContainsFunc(known, func(k zone.Records) bool {
			return r.Target != "" && r.Target == k.CNAME || r.Target == "" && slices.Contains(k.Addrs, r.Addr)
		}) {
			return r.Type() + " " + r.Value()
		}
	}
	return ""
}

// union has each of both once.
func union(all, more []zone.Records) []zone.Records {
	for _, r := range more {
		if !slices.ContainsFunc(all, func(a zone.Records) bool { return same(a, r) }) {
			all = append(all, r)
		}
	}
	return all
}

// hosts are the names among what a switch could write.
func hosts(known []zone.Records) []string {
	var names []string
	for _, k := range known {
		if k.CNAME != "" {
			names = append(names, k.CNAME)
		}
	}
	return names
}

func show(r zone.Records) string {
	if empty(r) {
		return "an original that can't be read"
	}
	if r.CNAME != "" {
		return r.CNAME
	}
	texts := make([]string, len(r.Addrs))
	for i, a := range r.Addrs {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}

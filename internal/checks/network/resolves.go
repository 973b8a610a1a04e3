package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
)

// resolves tells for each shared endpoint where it leads to.
func (s *survey) resolves(context.Context) []finding {
	var all []finding
	for _, e := range s.endpoints {
		all = append(all, e.resolves())
	}
	return all
}

func (e *endpoint) resolves() finding {
	w := e.own
	if isLookup(w.result.Err) {
		name, isName := errors.AsType[*net.DNSError](w.result.Err)
		switch {
		case w.cut:
			return w.unanswered()
		case isName && name.IsNotFound:
			return w.breaks(w.result.Err.Error(), "let PrivateZone have a zone of this name with a record at @, bound to this host's VPC")
		}
		return w.says(checks.Failed, w.result.Err.Error(), "look why the DNS servers of this host don't answer")
	}
	leads, strangers := e.leads()
	text := "resolves to " + join(w.result.Addrs)
	const (
		strange = " belongs to no instance of the configuration as far as can be seen from here"
		compare = "compare the record in PrivateZone, and lines in the hosts file of this host, with the configuration"
	)
	switch {
	case len(leads) == 0:
		return w.says(checks.Warning, text+", which"+strange, compare)
	case len(strangers) > 0:
		return w.says(checks.Warning, text+": "+strings.Join(leads, " and ")+", and "+join(strangers)+strange, compare)
	case len(leads) > 1:
		return w.says(checks.Warning, text+": "+strings.Join(leads, " and "), "let the name lead to one instance: pulls now go to one or the other")
	case leads[0] != e.Primary:
		return w.says(checks.Warning, fmt.Sprintf("%s: %s, not the primary %s", text, leads[0], e.Primary),
			"put the record in PrivateZone back, unless a failover is meant")
	}
	return w.says(checks.OK, text+": "+leads[0], "")
}

// leads are the names of the instances that the shared endpoint leads to, each once,
// and strangers the addresses that belong to none.
func (e *endpoint) leads() (names []string, strangers []netip.Addr) {
	for _, addr := range e.own.result.Addrs {
		found := e.at(addr)
		if len(found) == 0 {
			strangers = append(strangers, addr)
		}
		for _, name := range found {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, strangers
}

// at are the names of the instances at an address that the shared endpoint leads to: by
// the words of the one that has answered there, else by the addresses of all.
func (e *endpoint) at(addr netip.Addr) []string {
	own := e.own.result
	var names []string
	if own.Answer != nil && addr == own.Addr && own.Answer.Instance != (health.Identity{}) {
		for _, i := range e.Instances {
			if i.ID == own.Answer.Instance.ID {
				names = append(names, i.Name)
			}
		}
		return names
	}
	for _, w := range e.instances {
		if w.has(addr) {
			names = append(names, w.instance.Name)
		}
	}
	return names
}

func isLookup(err error) bool {
	failed, ok := errors.AsType[*health.Error](err)
	return ok && failed.Part == health.Lookup
}

func join(addrs []netip.Addr) string {
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}

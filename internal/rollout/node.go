package rollout

import (
	"errors"
	"fmt"

	"github.com/registry-failover/registry-failover/internal/nodereport"
)

var errNoLease = errors.New("no resolver has reported from there yet")

// waits says why the node can't be said to have applied the switch; it is empty
// when the node has.
func (n node) waits(e Endpoint) string {
	why := n.lacks(e)
	switch {
	case why == "":
		return ""
	case !n.ready:
		return "the node is not ready: " + why
	case n.silent:
		return "its resolver doesn't run, or doesn't reach the API server: " + why
	}
	return why
}

func (n node) lacks(e Endpoint) string {
	if n.none != nil {
		return n.none.Error()
	}
	answer, known := n.report.Answers[e.Name]
	want := e.parsed.Target(e.Name, n.name).String()
	switch {
	case !known:
		return "it reported at " + n.at() + " and doesn't know the endpoint: it has an older configuration"
	case answer.Switch != nodereport.Hash(e.Switch):
		return "it reported at " + n.at() + ", of another value of the switch"
	case answer.Target == "":
		return "it has no answer: no address is known there for " + want
	case answer.Target != want:
		return fmt.Sprintf("no address is known there for %s: it still leads to %s", want, answer.Target)
	case n.report.Hosts == nodereport.Removed:
		return "it has taken the block away, because the product is being uninstalled"
	case n.report.Hosts != nodereport.Applied && n.report.Hosts != nodereport.None:
		return n.report.Hosts
	}
	return ""
}

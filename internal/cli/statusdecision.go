package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/registry-failover/registry-failover/internal/rollout"
)

// controllerManager is the controller, in managed fields.
const controllerManager = "registry-failover-controller"

// writeDecision is the first line about an endpoint: where its switch leads, since
// when, by whom and why.
func writeDecision(w io.Writer, e rollout.Endpoint, now time.Time) {
	line := visible(e.Name) + ": " + visible(strings.Join(strings.Split(e.Word(), "\n"), ", "))
	d := e.Decision
	if moves := e.Moves(); moves != "" {
		line += " " + escape(moves) + ","
	}
	if d.Since != nil {
		line += " for " + duration(now.Sub(*d.Since))
		if d.OrEarlier {
			line += " or longer"
		}
	}
	switch d.By {
	case "":
	case controllerManager:
		line += ", by the controller"
	default:
		line += ", by " + escape(d.By)
	}
	if d.Until != nil {
		line += fmt.Sprintf(", until %s (%s)", d.Until.UTC().Format(time.RFC3339), ahead(d.Until.Sub(now)))
	}
	if d.Reason != "" {
		line += ": " + escape(d.Reason)
	}
	fmt.Fprintln(w, strings.TrimSuffix(line, ","))
}

// ahead is how far something lies in the future, for people.
func ahead(d time.Duration) string {
	if d < 0 {
		return duration(-d) + " ago"
	}
	return "in " + duration(d)
}

// reported tells how old what nodes have reported may be.
func reported(e rollout.Endpoint, now time.Time) string {
	if e.Oldest == nil {
		return ""
	}
	return ", oldest report " + duration(now.Sub(*e.Oldest)) + " ago"
}

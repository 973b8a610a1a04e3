package network

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/health"
)

const (
	// early is when a renewal should be looked at: authorities and the cloud's own
	// reminders count in months and weeks.
	early = 30 * 24 * time.Hour
	// late is when it is nearly too late to have one by hand on all instances.
	late = 7 * 24 * time.Hour
)

// certificate tells whether each certificate is for the name and from an authority
// that is trusted.
func (s *survey) certificate(context.Context) []finding {
	return s.each(func(w *way) []finding {
		c := w.result.Certificate
		switch {
		case errors.Is(w.result.Err, health.ErrNoCertificate):
			return []finding{w.breaks("has no certificate for the name", w.bind())}
		case c == nil:
			return nil
		}
		var all []finding
		for _, problem := range c.Problems {
			switch {
			case errors.Is(problem, health.ErrWrongName):
				all = append(all, w.breaks("has a wrong certificate: "+problem.Error(), w.bind()))
			case errors.Is(problem, health.ErrNotTrusted): // the node may know an authority that this program doesn't
				all = append(all, w.says(checks.Failed, "has a wrong certificate: "+problem.Error(),
					"bind a certificate with all that stand between it and a known authority; for an authority of your own, see docs/checks.md"))
			}
		}
		if len(all) == 0 {
			all = append(all, w.says(checks.OK, "has a certificate for the name, signed by "+c.Issuer, ""))
		}
		return all
	})
}

// bind is what to do where the name isn't covered.
func (w *way) bind() string {
	return "bind a certificate for " + w.endpoint + " to the custom domain of this instance"
}

// certificateExpiry tells how long each certificate can still be used.
func (s *survey) certificateExpiry(context.Context) []finding {
	return s.each(func(w *way) []finding {
		c := w.result.Certificate
		if c == nil {
			return nil
		}
		for _, problem := range c.Problems {
			if errors.Is(problem, health.ErrExpired) || errors.Is(problem, health.ErrNotYetValid) {
				return []finding{w.breaks("has a wrong certificate: "+problem.Error(),
					"renew it and bind it to the custom domain of this instance, and look at the clock of this host")}
			}
		}
		left := time.Until(c.Expires)
		text := fmt.Sprintf("has a certificate until %s, %d days", c.Expires.UTC().Format(time.DateOnly), int(left/(24*time.Hour)))
		const remedy = "renew it and bind it to the custom domain of every instance"
		switch {
		case left < late:
			return []finding{w.says(checks.Failed, text, remedy)}
		case left < early:
			return []finding{w.says(checks.Warning, text, remedy)}
		}
		return []finding{w.says(checks.OK, text, "")}
	})
}

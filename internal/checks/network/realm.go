package network

import (
	"context"
	"strconv"

	"github.com/registry-failover/registry-failover/internal/checks"
)

// tokenRealm tells whether clients can connect to where each instance sends them
// for a token.
func (s *survey) tokenRealm(ctx context.Context) []finding {
	return s.needs(ctx, func(w *way) need {
		a := w.result.Answer
		none := func(f finding) need { return need{problem: &f} }
		switch {
		case a.RealmErr != nil:
			return none(w.says(checks.Failed, a.RealmErr.Error(), "look what answers there: pulls get no token from it"))
		case a.Realm == nil:
			return none(w.says(checks.OK, "wants no token", ""))
		}
		port, err := strconv.ParseUint(a.Realm.Port(), 10, 16)
		if err != nil { // it has none
			port = 443
		}
		return need{host: &host{name: a.Realm.Hostname(), port: uint16(port)}}
	}, func(w *way, h *host) finding {
		return w.says(checks.Failed, "the token service: "+h.err.Error(),
			"let this host resolve "+h.name+" and connect to it: every pull needs a token from there")
	})
}

package pullsecrets

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

// seeNetwork is the remedy for what the network is to blame for.
const seeNetwork = "see what check --pre says of this instance from here, above all REACHABLE, CERTIFICATE and TOKEN-REALM"

// tellLogins gives a finding for each instance at which nothing could be tried, for each
// Secret, and for each account whose pods have nothing that an instance takes.
func (s *survey) tellLogins(trials []trial, logins map[attempt]*login, doors map[door]*entrance, untried int) []checks.Finding {
	var found []checks.Finding
	for _, d := range slices.SortedFunc(maps.Keys(doors), func(a, b door) int {
		return cmp.Or(a.endpoint-b.endpoint, a.instance-b.instance)
	}) {
		f := checks.Finding{Endpoint: s.Config.Endpoints[d.endpoint].Name, Subject: s.instance(d)}
		switch at := doors[d]; {
		case at.err != nil:
			f.Level, f.Text, f.Remedy = checks.Unknown, "no login was tried: "+at.err.Error(), seeNetwork
		case at.registry.IsOpen():
			f.Level, f.Text = checks.OK, "wants no credential"
		default:
			continue
		}
		found = append(found, f)
	}
	type secretOf struct {
		key
		endpoint int
	}
	bySecret, order := map[secretOf][]trial{}, []secretOf{}
	for _, t := range trials {
		at := secretOf{key{t.namespace, t.secret}, t.door.endpoint}
		if bySecret[at] == nil {
			order = append(order, at)
		}
		bySecret[at] = append(bySecret[at], t)
	}
	for _, at := range order {
		if f, ok := s.tellSecret(bySecret[at], logins); ok {
			found = append(found, f)
		}
	}
	found = append(found, s.tellAccounts(logins)...)
	if untried > 0 {
		found = append(found, checks.Finding{
			Level: checks.Unknown, Text: fmt.Sprintf("%d more logins weren't tried", untried), Remedy: "look again when the others are right",
		})
	}
	if len(found) == 0 {
		found = append(found, checks.Finding{Level: checks.Unknown, Text: "no credential was found that could be tried", Remedy: "see " + string(PullSecrets)})
	}
	return checks.Most(found, told)
}

func (s *survey) instance(d door) string {
	return s.Config.Endpoints[d.endpoint].Instances[d.instance].Name
}

// tellSecret tells what the instances say to one Secret, if any was asked.
func (s *survey) tellSecret(trials []trial, logins map[attempt]*login) (checks.Finding, bool) {
	var accepted, refused, unknown []string
	own := true
	for _, t := range trials {
		l := logins[t.attempt]
		if !l.tried {
			continue
		}
		name := s.instance(t.door)
		own = own && t.own
		switch {
		case l.err == nil:
			accepted = append(accepted, name)
		case errors.Is(l.err, registrylogin.ErrRefused):
			refused = append(refused, name+" ("+strings.TrimPrefix(l.err.Error(), registrylogin.ErrRefused.Error()+": ")+")")
		default:
			unknown = append(unknown, name+" ("+l.err.Error()+")")
		}
	}
	var parts []string
	for _, p := range []struct {
		verb  string
		names []string
	}{{"accepted by ", accepted}, {"refused by ", refused}, {"not known of ", unknown}} {
		if len(p.names) > 0 {
			parts = append(parts, p.verb+and(p.names))
		}
	}
	t := trials[0]
	f := checks.Finding{Level: checks.OK, Endpoint: s.Config.Endpoints[t.door.endpoint].Name, Subject: t.namespace + "/" + t.secret, Text: strings.Join(parts, "; ")}
	switch {
	case len(refused) > 0 && (!own || len(accepted)+len(unknown) == 0):
		f.Level, f.Remedy = checks.Failed, "put a user and a password into the Secret that may pull there"
	case len(unknown) > 0:
		f.Level, f.Remedy = checks.Unknown, seeNetwork
	}
	return f, len(parts) > 0
}

// tellAccounts tells of pods with credentials for the shared endpoint itself where an
// instance takes none of them.
func (s *survey) tellAccounts(logins map[attempt]*login) []checks.Finding {
	var found []checks.Finding
	told := map[problem]bool{}
	for _, u := range s.inOrder() {
		endpoint := s.indexOf(u)
		for n, c := range s.covers(u, s.uses[u].images[0].Repository) {
			if c.means != unclear {
				continue
			}
			all := true
			for _, from := range c.from {
				l := logins[attemptAt(door{endpoint, n}, from.credential)]
				all = all && l != nil && l.tried && errors.Is(l.err, registrylogin.ErrRefused)
			}
			p := problem{namespace: u.namespace, account: u.account, endpoint: u.endpoint, text: c.instance.Name}
			if !all || told[p] {
				continue
			}
			told[p] = true
			found = append(found, checks.Finding{
				Level: checks.Failed, Endpoint: u.endpoint, Subject: u.namespace + "/" + u.account,
				Text: fmt.Sprintf("%s takes none of the credentials for the shared endpoint (%s): its images aren't pulled once that leads there",
					c.instance.Name, strings.Join(c.names(), ", ")),
				Remedy: (&judgement{survey: s}).createRemedy(u, c, false),
			})
		}
	}
	return found
}

package companions

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// input is what is there of one original.
type input struct {
	name     string
	original *original          // nil: there is none
	rules    string             // in force
	derive   bool               // it shall have companions
	observed map[string]present // its companions by name
	// read says that the original has just been read, so that what it holds is at hand;
	// changed that it was otherwise before, or that nobody knew.
	read, changed bool
}

type original struct {
	uid     types.UID
	version string
	known   *known
}

// present is a companion that stands.
type present struct {
	claim
	uid     types.UID
	current string // its version
}

// plan is what is to be done.
type plan struct {
	// read: the original has to be read first, and all decided anew.
	read   bool
	known  *known
	put    []pullsecrets.Holding
	remove []string
}

// decide says what is to be done.
func decide(in input) plan {
	if in.original == nil {
		return plan{remove: slices.Sorted(maps.Keys(in.observed))}
	}
	p := plan{known: in.original.known}
	if p.known == nil {
		p.known = in.adopt()
	}
	if p.known == nil || p.known.version != in.original.version || p.known.rules != in.rules {
		return plan{read: true}
	}
	if p.known.problem != "" && in.derive {
		return p // what stands is the last that could be read
	}
	wanted := map[string]bool{}
	if in.derive {
		for _, h := range wantedBy(p.known.holdings) {
			name := pullsecrets.CompanionName(in.name, h.Endpoint, h.Instance)
			wanted[name] = true
			if o, there := in.observed[name]; !there || in.changed || !in.stands(o) {
				p.put = append(p.put, h)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.observed)) {
		if !wanted[name] {
			p.remove = append(p.remove, name)
		}
	}
	if len(p.put) > 0 && !in.read {
		return plan{read: true}
	}
	return p
}

// wantedBy are the holdings that have a companion: those of an instance, where the
// Secret has nothing for the endpoint itself.
func wantedBy(holdings []pullsecrets.Holding) []pullsecrets.Holding {
	var wanted []pullsecrets.Holding
	for _, h := range holdings {
		own := slices.ContainsFunc(holdings, func(o pullsecrets.Holding) bool { return o.Endpoint == h.Endpoint && o.Instance == "" })
		if h.Instance != "" && !own {
			wanted = append(wanted, h)
		}
	}
	return wanted
}

// stands tells whether the companion is as it shall be, as long as the original is as it was.
func (in input) stands(o present) bool {
	if o.owner != in.original.uid {
		return false
	}
	return o.checked == o.current || o.checked == "" && in.trusts(o)
}

// trusts tells whether a companion is believed to hold what it was made with.
func (in input) trusts(o present) bool {
	return o.version == in.original.version && o.said.Value().rules == in.rules && o.owner == in.original.uid && !o.touched
}

// adopt gives what the companions say that the original holds: they are all there,
// made of it as it is now, by the rules that are in force, and nobody has touched
// them. Nil: they don't say.
func (in input) adopt() *known {
	names := slices.Sorted(maps.Keys(in.observed))
	if len(names) == 0 {
		return nil
	}
	said := in.observed[names[0]].said.Value().holdings
	holdings, ok := decodeHoldings(said)
	wanted := wantedBy(holdings)
	if !ok || len(wanted) == 0 {
		return nil
	}
	for _, h := range wanted {
		o, there := in.observed[pullsecrets.CompanionName(in.name, h.Endpoint, h.Instance)]
		if !there || !in.trusts(o) || o.said.Value().holdings != said {
			return nil
		}
	}
	if len(wanted) != len(names) {
		return nil
	}
	return &known{version: in.original.version, rules: in.rules, holdings: holdings}
}

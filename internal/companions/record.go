package companions

import (
	"strings"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Annotations of a companion. The last three are as of when it was written: they
// save a replica that begins to lead the reading of the original.
const (
	// FromAnnotation names the original.
	FromAnnotation = "registry-failover.io/derived-from"
	// EndpointAnnotation and InstanceAnnotation tell what it has the credential for, and whose that is.
	EndpointAnnotation = "registry-failover.io/endpoint"
	InstanceAnnotation = "registry-failover.io/instance"
	// VersionAnnotation has the original's resourceVersion.
	VersionAnnotation = "registry-failover.io/source-version"
	// RulesAnnotation has a hash of the endpoints in the configuration.
	RulesAnnotation = "registry-failover.io/source-rules"
	// HoldingsAnnotation has all holdings of the original, with commas between.
	HoldingsAnnotation = "registry-failover.io/source-holdings"
)

// record is what is kept of a Secret. There may be 30,000.
type record struct {
	uid     types.UID
	version string
	ours    string // the kind of own Secret that it says to be, empty for others
	claim   *claim // of a companion, nil for others
	// known is what an original was found to hold; nil until it was read.
	known *known
	// counted and waiting say whether an original is among those that are followed, or beyond the limit.
	counted, waiting bool
	// lane and turn are the list that has shown it.
	lane *lane
	turn int
}

// claim is what a companion tells of itself.
type claim struct {
	from    string
	said    unique.Handle[said]
	owner   types.UID
	version string
	touched bool // somebody else has written it, at any time
	// checked is the version with which it was found to be as it shall be, or the first
	// that was seen.
	checked string
}

// said is what many companions say alike, and is kept once.
type said struct{ endpoint, instance, rules, holdings string }

// known is what an original holds. It never changes.
type known struct {
	version, rules string
	holdings       []pullsecrets.Holding
	problem        string // why it can't be read; holdings are the last that could
}

// Whoever may write Secrets may write long annotations, and owners with a long UID. What
// a companion has that the controller wrote is shorter, unless a configuration has a
// dozen endpoints: then its holdings aren't believed, and its original is read.
const (
	maxWord     = 64
	maxHoldings = 1024
)

// newRecord keeps the little that is needed. Texts that many have are kept once.
func newRecord(o *metav1.PartialObjectMetadata) *record {
	r := &record{uid: o.UID, version: o.ResourceVersion, ours: intern(o.Labels[ownedsecrets.Label])}
	of := said{
		o.Annotations[EndpointAnnotation], o.Annotations[InstanceAnnotation],
		within(maxWord, o.Annotations[RulesAnnotation]), within(maxHoldings, o.Annotations[HoldingsAnnotation]),
	}
	c := claim{from: o.Annotations[FromAnnotation], version: within(maxWord, o.Annotations[VersionAnnotation])}
	named := pullsecrets.IsSecretName(c.from) && zone.IsDNSName(of.endpoint) && zone.IsDNSName(of.instance)
	if r.ours != ownedsecrets.Derived || !named || o.Name != pullsecrets.CompanionName(c.from, of.endpoint, of.instance) {
		return r
	}
	c.from, c.said = intern(c.from), unique.Make(of)
	for _, owner := range o.OwnerReferences {
		if owner.Kind == "Secret" && owner.Name == c.from && len(owner.UID) <= maxWord {
			c.owner = owner.UID
		}
	}
	if c.owner == "" {
		return r // it isn't ours, whatever it says
	}
	for _, f := range o.ManagedFields {
		c.touched = c.touched || f.Manager != ownedsecrets.Manager
	}
	r.claim = &c
	return r
}

// within is a text that isn't longer than so many bytes, and nothing of one that is.
func within(limit int, text string) string {
	if len(text) > limit {
		return ""
	}
	return text
}

func intern(text string) string { return unique.Make(text).Value() }

func encodeHoldings(holdings []pullsecrets.Holding) string {
	words := make([]string, len(holdings))
	for i, h := range holdings {
		words[i] = h.String()
	}
	return strings.Join(words, ",")
}

// decodeHoldings reads what encodeHoldings has written; ok says that all of it could be read.
func decodeHoldings(text string) (holdings []pullsecrets.Holding, ok bool) {
	for word := range strings.SplitSeq(text, ",") {
		h, err := pullsecrets.ParseHolding(word)
		if err != nil {
			return nil, false
		}
		holdings = append(holdings, h)
	}
	return holdings, true
}

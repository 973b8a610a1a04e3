package companions

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// TestLittleIsKeptOfASecretWhateverItSays: whoever may write Secrets may write 256 KiB of
// annotations on each, and must not fill the controller's memory.
func TestLittleIsKeptOfASecretWhateverItSays(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for sentence, test := range map[string]struct {
		from, endpoint, instance, version, rules, holdings, owner string
		ours                                                      bool
	}{
		"a companion":                 {"pull", shared, "hangzhou", "7", "0123456789ab", shared + "/hangzhou", "uid", true},
		"of a name with a long label": {strings.Repeat("x", 70), shared, "hangzhou", "7", "0123456789ab", shared + "/hangzhou", "uid", true},
		"a long original":             {long, shared, "hangzhou", "7", "0123456789ab", shared + "/hangzhou", "uid", false},
		"a long endpoint":             {"pull", long, "hangzhou", "7", "0123456789ab", shared + "/hangzhou", "uid", false},
		"a long instance":             {"pull", shared, long, "7", "0123456789ab", shared + "/hangzhou", "uid", false},
		"a long owner":                {"pull", shared, "hangzhou", "7", "0123456789ab", shared + "/hangzhou", long, false},
		"a long version":              {"pull", shared, "hangzhou", long, "0123456789ab", shared + "/hangzhou", "uid", true},
		"a long hash of the rules":    {"pull", shared, "hangzhou", "7", long, shared + "/hangzhou", "uid", true},
		"long holdings":               {"pull", shared, "hangzhou", "7", "0123456789ab", long, "uid", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := newRecord(&metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
				Namespace: "ns", Name: pullsecrets.CompanionName(test.from, test.endpoint, test.instance), UID: "own", ResourceVersion: "8",
				Labels: map[string]string{ownedsecrets.Label: ownedsecrets.Derived},
				Annotations: map[string]string{
					FromAnnotation: test.from, EndpointAnnotation: test.endpoint, InstanceAnnotation: test.instance,
					VersionAnnotation: test.version, RulesAnnotation: test.rules, HoldingsAnnotation: test.holdings,
				},
				OwnerReferences: []metav1.OwnerReference{{Kind: "Secret", Name: test.from, UID: types.UID(test.owner)}},
			}})
			if got := r.claim != nil; got != test.ours {
				t.Errorf("that it is ours is %t", got)
			}
			if r.claim == nil {
				return
			}
			of := r.claim.said.Value()
			all := r.claim.from + r.claim.version + string(r.claim.owner) + of.endpoint + of.instance + of.rules + of.holdings
			if len(all) > 2<<10 {
				t.Errorf("%d bytes are kept", len(all))
			}
		})
	}
}

// TestHoldingsThatNobodyHasAnyMoreAreForgotten: as many different ones as somebody may think of.
func TestHoldingsThatNobodyHasAnyMoreAreForgotten(t *testing.T) {
	v, l := newView(), &lane{}
	v.see(l, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pull", UID: "uid", ResourceVersion: "1"}})
	for i := range 10 * maxShared {
		v.learn(key{"ns", "pull"}, &known{holdings: []pullsecrets.Holding{{Endpoint: shared, Instance: strings.Repeat("x", i)}}})
	}
	if n := len(v.holdings); n > maxShared {
		t.Errorf("%d are kept", n)
	}
}

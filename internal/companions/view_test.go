package companions

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// TestAVersionThatFollowsIsNotBelieved: whoever edits a companion may call
// themselves as the controller does.
func TestAVersionThatFollowsIsNotBelieved(t *testing.T) {
	s := newSettings(configured(config.PullSecretsDerive, "ns"), own)
	v, l := newView(), &lane{}
	metadata := func(name, version string, annotations map[string]string) *metav1.PartialObjectMetadata {
		o := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: "uid", ResourceVersion: version, Annotations: annotations}}
		if annotations != nil {
			o.Labels = map[string]string{ownedsecrets.Label: ownedsecrets.Derived}
			o.OwnerReferences = []metav1.OwnerReference{{Kind: "Secret", Name: "pull", UID: "uid"}}
			o.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: ownedsecrets.Manager}}
		}
		return o
	}
	companion := map[string]string{
		FromAnnotation: "pull", EndpointAnnotation: shared, InstanceAnnotation: "hangzhou",
		VersionAnnotation: "1", RulesAnnotation: s.rules, HoldingsAnnotation: shared + "/hangzhou",
	}
	read := func() bool {
		in, _ := v.input(key{"ns", "pull"}, s)
		p := decide(in)
		if p.known != nil {
			v.learn(key{"ns", "pull"}, p.known)
		}
		return p.read
	}
	v.see(l, metadata("pull", "1", nil))
	v.see(l, metadata(ofA, "2", companion))
	if read() {
		t.Error("the first version isn't believed")
	}
	v.see(l, metadata(ofA, "3", companion))
	if !read() {
		t.Error("the second is")
	}
	v.checked(key{"ns", ofA}, "3")
	if read() {
		t.Error("what was checked isn't believed")
	}
}

// TestAWatchThatIsLateHidesNothing: the two types' watches don't keep their order. The
// last change of a Secret and its end may come after the one of the other type that was made in its place.
func TestAWatchThatIsLateHidesNothing(t *testing.T) {
	s, v := newSettings(configured(config.PullSecretsDerive, "ns"), own), newView()
	version := func(uid types.UID, version string) *metav1.PartialObjectMetadata {
		return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "pull", UID: uid, ResourceVersion: version}}
	}
	before, after := &lane{}, &lane{}
	v.see(before, version("old", "8"))
	v.see(after, version("new", "11"))
	v.see(before, version("old", "9"))
	v.miss(version("old", "10"))
	if in, _ := v.input(key{"ns", "pull"}, s); in.original == nil || in.original.uid != "new" {
		t.Errorf("it sees %+v", in.original)
	}
}

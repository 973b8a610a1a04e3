package companions

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
	"github.com/registry-failover/registry-failover/test/secretsapi"
)

// TestWhatIsUrgentComesFirst: all that is new takes minutes at the rate of writes.
func TestWhatIsUrgentComesFirst(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		for i := range 600 {
			api.Put(pull("ns", fmt.Sprintf("other-%d", i), hostA+" x", hostB+" y"))
		}
		w := lead(t, api, configured(config.PullSecretsDerive, "ns"))
		time.Sleep(10 * time.Second)
		w.Put(pull("ns", "pull", hostA+" a1"))
		time.Sleep(time.Second)
		w.holds(ofA, "a1")
		if n := len(w.Secrets()); n > 600+1+20+12*10 {
			t.Errorf("after 11 seconds there are %d Secrets", n)
		}
	})
}

// TestOneNamespaceHoldsUpNoOther: whoever may write Secrets in it may change thousands again and again.
func TestOneNamespaceHoldsUpNoOther(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		w := lead(t, api, configured(config.PullSecretsDerive, "*"))
		for i := range 600 {
			w.Put(pull("a-tenant", fmt.Sprintf("other-%d", i), hostA+" x", hostB+" y"))
		}
		time.Sleep(10 * time.Second)
		w.Put(pull("ns", "pull", hostA+" a1"))
		time.Sleep(time.Second)
		w.holds(ofA, "a1")
	})
}

// TestOneOriginalHoldsUpNoOther: as many Secrets as somebody likes may say that they are its companions.
func TestOneOriginalHoldsUpNoOther(t *testing.T) {
	play(t, func(t *testing.T) {
		api := &secretsapi.Server{}
		w := lead(t, api, configured(config.PullSecretsDerive, "*"))
		for i := range 600 {
			of, endpoint := fmt.Sprintf("gone-%d", i%2), fmt.Sprintf("e%d.example.com", i)
			forged := pull("a-tenant", pullsecrets.CompanionName(of, endpoint, "x"))
			forged.Labels = map[string]string{ownedsecrets.Label: ownedsecrets.Derived}
			forged.Annotations = map[string]string{FromAnnotation: of, EndpointAnnotation: endpoint, InstanceAnnotation: "x"}
			forged.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: of, UID: "u"}}
			w.Put(forged)
		}
		time.Sleep(10 * time.Second)
		w.Put(pull("ns", "pull", hostA+" a1"))
		time.Sleep(2 * time.Second)
		w.holds(ofA, "a1")
		w.Remove("ns", "pull")
		time.Sleep(2 * time.Minute)
		w.expect()
	})
}

func TestLanes(t *testing.T) {
	l := newLanes()
	add := func(name string, urgent bool) { l.add(key{name: name}, urgent) }
	add("a", false)
	add("b", false)
	add("c", true)
	add("b", true)
	add("c", false)
	add("d", false)
	add("b", true)
	var got []string
	for l.Len() > 0 {
		got = append(got, l.Pop().name)
	}
	add("b", false)
	got = append(got, l.Pop().name)
	if want := []string{"c", "b", "a", "d", "b"}; !slices.Equal(got, want) {
		t.Errorf("the order is %v", got)
	}
}

// add is what the queue does.
func (l *lanes) add(k key, urgent bool) {
	l.mark(k, urgent)
	if _, waits := l.in[k]; waits {
		l.Touch(k)
	} else {
		l.Push(k)
	}
}

// TestWhatIsNotUrgentIsNotForgotten: some Secrets may change faster than companions can be written.
func TestWhatIsNotUrgentIsNotForgotten(t *testing.T) {
	l, calm := newLanes(), key{"ns", "pull"}
	l.add(calm, false)
	for i := range 100 {
		l.add(key{"a-tenant", fmt.Sprint(2 * i)}, true)
		l.add(key{"a-tenant", fmt.Sprint(2*i + 1)}, true)
		if l.Pop() == calm {
			return
		}
	}
	t.Error("it waits for ever")
}

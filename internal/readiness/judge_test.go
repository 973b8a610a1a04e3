package readiness

import (
	"flag"
	"testing"

	"go.uber.org/goleak"

	"github.com/registry-failover/registry-failover/test/doctable"
)

var update = flag.Bool("update", false, "write the tables into docs/readiness.md")

const page = "../../docs/readiness.md"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWhatIsFoundOfAnImage(t *testing.T) {
	const a, b, c = "sha256:a", "sha256:b", "sha256:c"
	rows := [][]string{{"the instance", "finding"}}
	for _, test := range []struct {
		sentence string
		sight    sight
		want     Finding
	}{
		{"has the tag, with the digest that runs", sight{outcome: found, digest: a, running: []string{a}, others: []string{b}, primary: b}, Present},
		{"has the tag with one of the digests that run", sight{outcome: found, digest: a, running: []string{b, a}}, Present},
		{"has the digest that is named", sight{outcome: found, named: a, digest: a}, Present},
		{"answers with another digest than is named", sight{outcome: found, named: a, digest: b}, Stale},
		{"has it by the digest of another algorithm than is named", sight{outcome: found, named: "sha512:a", digest: a}, Present},
		{"has the tag with another digest than runs", sight{outcome: found, digest: b, running: []string{a}, others: []string{a}, primary: a}, Stale},
		{"has the tag with another digest than runs, and the other instances have that too", sight{outcome: found, digest: b, running: []string{a}, others: []string{b}, primary: b}, Present},
		{"has the tag with another digest than runs, and one of the others has a third", sight{outcome: found, digest: b, running: []string{a}, others: []string{b, c}, primary: b}, Stale},
		{"has the tag with another digest than runs, and the others don't have it", sight{outcome: found, digest: b, running: []string{a}}, Stale},
		{"has a tag that nothing runs, as the primary has it", sight{outcome: found, digest: a, others: []string{a, b}, primary: a}, Present},
		{"has a tag that nothing runs, with another digest than the primary", sight{outcome: found, digest: b, others: []string{a}, primary: a}, Stale},
		{"has a tag that nothing runs, and the primary doesn't have it or is this one", sight{outcome: found, digest: a}, Present},
		{"doesn't have it", sight{outcome: missing, running: []string{a}, others: []string{a}, primary: a}, Missing},
		{"refuses the pods' credentials", sight{outcome: refused, running: []string{a}}, Unreadable},
		{"refuses strangers, and the pods' credentials aren't known", sight{outcome: untried, running: []string{a}}, Unreadable},
		{"was not asked yet, or has never answered", sight{running: []string{a}, others: []string{a}, primary: a}, Unknown},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			if got := judge(test.sight); got != test.want {
				t.Errorf("got %s", got)
			}
		})
		rows = append(rows, []string{test.sentence, "`" + string(test.want) + "`"})
	}
	doctable.Check(t, page, "findings", rows, *update)
}

func TestWhetherTheStandbyIsReady(t *testing.T) {
	rows := [][]string{{"of 100 images, with `failover.readyShare` 0.95, the standby", "status", "reason"}}
	for _, test := range []struct {
		sentence       string
		instance       InstanceStatus
		status, reason string
	}{
		{"has all", InstanceStatus{Present: 100}, "True", AllReady},
		{"has another image for 5 tags", InstanceStatus{Present: 95, Stale: 5}, "True", AllReady},
		{"has another image for 6 tags", InstanceStatus{Present: 94, Stale: 6}, "False", TooFewImages},
		{"lacks one that no pod runs now, such as a CronJob's", InstanceStatus{Present: 99, Missing: 1}, "True", AllReady},
		{"lacks one that a pod runs", InstanceStatus{Present: 99, Missing: 1, PodsBlocked: 1}, "False", PodsBlocked},
		{"refuses the credentials of a pod", InstanceStatus{Present: 99, Unreadable: 1, PodsBlocked: 1}, "False", PodsBlocked},
		{"has not told yet of 6", InstanceStatus{Present: 94, Unknown: 6}, "Unknown", NotLookedUp},
		{"has not told yet of 5", InstanceStatus{Present: 95, Unknown: 5}, "True", AllReady},
		{"wants credentials that aren't known", InstanceStatus{Unreadable: 100, Untried: 100}, "Unknown", CredentialsNotKnown},
		{"has not told yet of 4, and has another image for 6 tags", InstanceStatus{Present: 90, Unknown: 4, Stale: 6}, "False", TooFewImages},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			i := test.instance
			i.Instance, i.Share = "hangzhou", float64(i.Present)/100
			primary := InstanceStatus{Instance: "zhangjiakou", Missing: 100, PodsBlocked: 9} // which counts for nothing
			got := Status{Images: 100, Instances: []InstanceStatus{i, primary}}.Condition("zhangjiakou", 0.95)
			if got.Type != StandbyReady || got.Status != test.status || got.Reason != test.reason {
				t.Errorf("got %+v", got)
			}
		})
		rows = append(rows, []string{test.sentence, test.status, "`" + test.reason + "`"})
	}
	doctable.Check(t, page, "condition", rows, *update)
}

func TestSentences(t *testing.T) {
	for want, i := range map[string]InstanceStatus{
		"hangzhou has all of 120 images":                          {Present: 120},
		"hangzhou lacks 3 of 120 images: 14 pods could not start": {Present: 117, Missing: 3, PodsBlocked: 14},
		"hangzhou lacks 3 of 120 images (2 for want of a credential): 1 pod could not start, has another image for 1 tag, has not told yet of 2 of 120 images": {Missing: 1, Unreadable: 2, Stale: 1, Unknown: 2, PodsBlocked: 1},
		"hangzhou wants a credential for 120 of 120 images, and it isn't known here which the pods have":                                                       {Unreadable: 120, Untried: 120},
	} {
		i.Instance = "hangzhou"
		if got := i.Sentence(120); got != want {
			t.Errorf("got %q, not %q", got, want)
		}
	}
}

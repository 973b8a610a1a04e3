package admission

import (
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

const (
	// A pod that is created this often within the window is recreated, not restarted.
	recreations       = 5
	recreationsWindow = time.Hour
	// rememberedSets of rememberedWays pods each are remembered, in 640 KiB.
	rememberedSets = 1024
	rememberedWays = 4
)

// owners finds those that recreate the same pod again and again: operators that
// compare a pod's image with their template do so for ever when it is rewritten.
// It has a fixed size. A pod has its set by hash, and takes the place of the pod
// in it that was created longest ago.
type owners struct {
	log    *slog.Logger
	lines  throttle
	seed   maphash.Seed
	mu     sync.Mutex
	places [rememberedSets][rememberedWays]place
}

type place struct {
	pod, owner uint64                 // hashes; pod is of owner and name
	created    [recreations]time.Time // the latest first
	logged     time.Time
}

func (p *place) recreated(now time.Time) bool {
	return now.Sub(p.created[recreations-1]) < recreationsWindow
}

// observe counts the creation of a pod that has an owner.
func (o *owners) observe(pod *podimages.Metadata) {
	at := slices.IndexFunc(pod.OwnerReferences, func(r podimages.OwnerReference) bool { return r.Controller })
	if at < 0 {
		return
	}
	owner, name := &pod.OwnerReferences[at], pod.Name
	if pod.GenerateName != "" {
		if makesMany(owner.Kind) {
			return
		}
		name = pod.GenerateName
	}
	if skipped, tell := o.count(owner.UID, name, time.Now()); tell {
		o.log.Warn("an owner recreates a rewritten pod again and again; if it compares the image with its own, label its pods",
			"label", podimages.OptOutLabel+"=false", "kind", clip(owner.Kind, foreignBytes), "namespace", clip(pod.Namespace, foreignBytes), "owner", clip(owner.Name, foreignBytes),
			"pod", clip(name, foreignBytes), "notLogged", skipped)
	}
}

// makesMany tells the kinds of owners that make many pods of one generated name,
// and compare the image of none.
func makesMany(kind string) bool {
	return kind == "ReplicaSet" || kind == "ReplicationController" || kind == "DaemonSet" || kind == "Job"
}

// count says whether it is time to tell of the owner: once in a window, and
// later where another has the line of this second.
func (o *owners) count(uid, name string, now time.Time) (skipped int, tell bool) {
	owner := maphash.String(o.seed, uid)
	pod := maphash.Comparable(o.seed, [2]string{uid, name})
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.find(pod)
	if p.pod != pod {
		*p = place{pod: pod, owner: owner}
	}
	copy(p.created[1:], p.created[:])
	p.created[0] = now
	if !p.recreated(now) || now.Sub(p.logged) < recreationsWindow {
		return 0, false
	}
	if skipped, tell = o.lines.allow(); tell {
		p.logged = now
	}
	return skipped, tell
}

// find returns the pod's place, or the one that it takes.
func (o *owners) find(pod uint64) *place {
	set := &o.places[pod%rememberedSets]
	oldest := &set[0]
	for i := range set {
		switch p := &set[i]; {
		case p.pod == pod:
			return p
		case p.created[0].Before(oldest.created[0]):
			oldest = p
		}
	}
	return oldest
}

// recreating is how many owners have recreated a pod within the window.
func (o *owners) recreating() float64 {
	now := time.Now()
	found := map[uint64]bool{}
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.places {
		for j := range o.places[i] {
			if p := &o.places[i][j]; p.recreated(now) {
				found[p.owner] = true
			}
		}
	}
	return float64(len(found))
}

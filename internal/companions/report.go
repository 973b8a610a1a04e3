package companions

import (
	"log/slog"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
)

// report tells of problems once, when they begin. Nothing that it tells is of a Secret's content.
type report struct {
	events events.EventRecorder
	log    *slog.Logger

	mu       sync.Mutex
	leads    bool
	failing  map[key]bool
	problems map[key]problems
	leftIn   []string
}

// problems are those of one original.
type problems struct {
	unreadable string   // why
	conflicts  []string // names that others have
}

func (p problems) none() bool { return p.unreadable == "" && len(p.conflicts) == 0 }

// lead notes whether this replica leads.
func (r *report) lead(leads bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leads = leads
}

// of tells what the problems of an original are now.
func (r *report) of(k key, uid types.UID, now problems) {
	r.mu.Lock()
	before := r.problems[k]
	if now.none() {
		delete(r.problems, k)
	} else {
		r.problems[k] = now
	}
	r.mu.Unlock()
	regarding := &corev1.ObjectReference{APIVersion: "v1", Kind: "Secret", Namespace: k.namespace, Name: k.name, UID: uid}
	if now.unreadable != "" && now.unreadable != before.unreadable {
		r.log.Warn("a pull secret can't be read: its companions stay as they are", "namespace", k.namespace, "secret", k.name, "reason", now.unreadable)
		r.events.Eventf(regarding, nil, corev1.EventTypeWarning, "PullSecretUnreadable", "Derive", "%s", now.unreadable)
	}
	for _, name := range now.conflicts {
		if !slices.Contains(before.conflicts, name) {
			r.log.Warn("a companion can't be written: its name is taken", "namespace", k.namespace, "secret", k.name, "companion", name)
			r.events.Eventf(regarding, nil, corev1.EventTypeWarning, "PullSecretNameTaken", "Derive", "%s: %s", name, ownedsecrets.ErrTaken.Error())
		}
	}
}

// fails tells why an original can't be followed.
func (r *report) fails(k key, err error) {
	r.mu.Lock()
	told := r.failing[k]
	r.failing[k] = true
	r.mu.Unlock()
	if !told {
		r.log.Warn("a pull secret can't be followed: it is tried again", "namespace", k.namespace, "secret", k.name, "error", err)
	}
}

// follows notes that it can, or needn't any more.
func (r *report) follows(k key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.failing, k)
}

// keep forgets the problems of other namespaces.
func (r *report) keep(covers func(namespace string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.problems {
		if !covers(k.namespace) {
			delete(r.problems, k)
		}
	}
}

// left tells of namespaces where companions may be left that nobody follows.
func (r *report) left(namespaces []string) {
	r.mu.Lock()
	before := r.leftIn
	r.leftIn = namespaces
	r.mu.Unlock()
	for _, n := range namespaces {
		if !slices.Contains(before, n) {
			r.log.Warn("companions of pull secrets are left here that nobody follows any more: delete them, and then the namespace's key in the index, if there is one",
				"namespace", n, "delete", "kubectl -n "+n+" delete secret -l "+ownedsecrets.Label)
		}
	}
}

package companions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

const (
	// recheck is when to look again at a name that was taken: it may be by a Secret of a type that isn't watched.
	recheck = time.Minute
	// behind is when to look again while the watch hasn't shown what a read has.
	behind = time.Second
	// removals is how many companions of an original are deleted before others have their
	// turn: as many Secrets as somebody likes may say that they are one. The watch, which
	// shows their end, has the rest come.
	removals = 4
)

// work takes one from the queue; false says that the queue is closed.
func (k *Keeper) work(ctx context.Context) bool {
	of, closed := k.queue.Get()
	if closed {
		return false
	}
	defer k.queue.Done(of)
	again, err := k.reconcile(ctx, of)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		k.report.follows(of)
		k.queue.Forget(of)
		if again > 0 {
			k.queue.AddAfter(of, again)
		}
	default:
		if !errors.Is(err, ownedsecrets.ErrMeanwhile) {
			k.report.fails(of, err)
		}
		k.queue.AddRateLimited(of)
	}
	return true
}

// reconcile has an original's companions be as they shall be, and says when to look again.
func (k *Keeper) reconcile(ctx context.Context, of key) (again time.Duration, err error) {
	s := k.settings.Load()
	if !s.covers(of.namespace) || !k.listed(of.namespace) {
		return 0, nil
	}
	in, ok := k.view.input(of, s)
	if !ok {
		return 0, nil
	}
	if in.original == nil {
		return k.clear(ctx, of, s, in)
	}
	known := in.original.known
	plan := decide(in)
	var companions []pullsecrets.Companion
	if plan.read {
		if wait := k.calm.wait(of, time.Now()); known != nil && known.version == in.original.version && wait > 0 {
			return wait, nil
		}
		companions, err = k.read(ctx, of, s, &in)
		switch {
		case apierrors.IsNotFound(err), errors.Is(err, errNone):
			return 0, nil // the watch will tell
		case err != nil:
			return 0, err
		}
		in.changed = known == nil || known.version != in.original.version || known.rules != s.rules
		plan = decide(in)
	}
	if k.view.learn(of, plan.known) {
		k.index.ring()
	}
	var conflicts []string
	if s.derives() {
		conflicts, err = k.apply(ctx, of, in, plan, companions)
	} else {
		plan.put, plan.remove = nil, nil
	}
	k.report.of(of, in.original.uid, problems{unreadable: plan.known.problem, conflicts: conflicts})
	if len(conflicts) > 0 {
		again = recheck
	}
	return again, err
}

// errNone says that no original has the name.
var errNone = errors.New("it is no pull secret that has companions")

// read reads the original, and puts what it holds into the input.
func (k *Keeper) read(ctx context.Context, of key, s *settings, in *input) ([]pullsecrets.Companion, error) {
	secret, err := k.Writer.Read(ctx, of.namespace, of.name)
	if err != nil {
		return nil, err
	}
	credentials, err := pullsecrets.Parse(string(secret.Type), secret.Data)
	if errors.Is(err, pullsecrets.ErrNoPullSecret) || !s.isOriginal(secret.Name, secret.Labels[ownedsecrets.Label]) {
		return nil, errNone
	}
	found := &known{version: secret.ResourceVersion, rules: s.rules}
	if err != nil {
		found.problem, found.holdings = err.Error(), in.last()
	} else {
		found.holdings = pullsecrets.Holdings(s.endpoints, credentials)
	}
	in.original = &original{secret.UID, secret.ResourceVersion, found}
	in.read = true
	return pullsecrets.Derive(s.endpoints, credentials), nil
}

// last is what an original held that can't be read any more.
func (in input) last() []pullsecrets.Holding {
	if in.original.known != nil {
		return in.original.known.holdings
	}
	for _, o := range in.observed {
		if holdings, ok := decodeHoldings(o.said.Value().holdings); ok {
			return holdings
		}
	}
	return nil
}

// apply writes and deletes, and gives the names that were taken.
func (k *Keeper) apply(ctx context.Context, of key, in input, p plan, companions []pullsecrets.Companion) (conflicts []string, err error) {
	var failures []error
	for _, h := range p.put {
		i := slices.IndexFunc(companions, func(c pullsecrets.Companion) bool { return c.Endpoint == h.Endpoint && c.Instance == h.Instance })
		if i < 0 {
			return nil, fmt.Errorf("there is no companion for %s", h) // Derive and wantedBy have one rule
		}
		secret := in.secret(of, p.known, companions[i])
		written, err := k.Writer.Put(ctx, secret)
		switch {
		case errors.Is(err, ownedsecrets.ErrTaken):
			conflicts = append(conflicts, secret.Name)
		case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
			return nil, nil
		case err != nil:
			failures = append(failures, err)
		default:
			k.view.checked(key{of.namespace, secret.Name}, written.Version)
			if written.Changed {
				k.Log.Debug("a companion is written", "namespace", of.namespace, "secret", of.name, "companion", secret.Name)
			}
			if written.Changed && !in.changed {
				k.calm.restored(of, time.Now())
			}
		}
	}
	return conflicts, errors.Join(append(failures, k.remove(ctx, of, in, p.remove))...)
}

// secret is a companion.
func (in input) secret(of key, k *known, c pullsecrets.Companion) ownedsecrets.Secret {
	return ownedsecrets.Secret{
		Namespace: of.namespace, Name: pullsecrets.CompanionName(of.name, c.Endpoint, c.Instance), Kind: ownedsecrets.Derived,
		Annotations: map[string]string{FromAnnotation: of.name, EndpointAnnotation: c.Endpoint, InstanceAnnotation: c.Instance},
		Notes:       map[string]string{VersionAnnotation: k.version, RulesAnnotation: k.rules, HoldingsAnnotation: encodeHoldings(k.holdings)},
		Owner:       &metav1.OwnerReference{APIVersion: "v1", Kind: "Secret", Name: of.name, UID: in.original.uid},
		Content:     c.Content(),
	}
}

func (k *Keeper) remove(ctx context.Context, of key, in input, names []string) error {
	var failures []error
	for _, name := range names[:min(len(names), removals)] {
		o := in.observed[name]
		if err := k.Writer.Delete(ctx, of.namespace, name, o.uid, o.current); err != nil {
			failures = append(failures, err)
			continue
		}
		k.Log.Debug("a companion is deleted", "namespace", of.namespace, "secret", of.name, "companion", name)
	}
	return errors.Join(failures...)
}

// clear deletes the companions of an original that is no more. A watch that shows
// none isn't believed alone.
func (k *Keeper) clear(ctx context.Context, of key, s *settings, in input) (again time.Duration, err error) {
	k.report.of(of, "", problems{})
	k.index.ring()
	if len(in.observed) == 0 || !s.derives() {
		return 0, nil
	}
	in.original = &original{}
	_, err = k.read(ctx, of, s, &in)
	switch {
	case err == nil:
		return behind, nil
	case apierrors.IsNotFound(err), errors.Is(err, errNone):
		return 0, k.remove(ctx, of, in, decide(input{observed: in.observed}).remove)
	}
	return 0, err
}

package registryread

import (
	"context"
	"sync"
	"time"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// mostTokens are kept: each may have some KiB, and thousands of repositories have one each.
const mostTokens = 64

// tokens are what Authorize has given, as long as it lives.
type tokens struct {
	mutex sync.Mutex
	kept  map[scope]token
}

type scope struct {
	login
	repository string
}

type token struct {
	header string
	ends   time.Time
}

// authorize gives the header for pulls of a repository, and whether it was kept from an
// earlier one.
func (r *Reader) authorize(ctx context.Context, c pullsecrets.Credential, repository string) (header string, kept bool, err error) {
	at := scope{loginOf(c), repository}
	if header, kept = r.tokens.find(at, time.Now()); kept {
		return header, true, nil
	}
	err = r.refused.send(ctx, at.login, func() error {
		if r.registry.GivesTokens() {
			if err := r.pace(ctx); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		begun := time.Now()
		given, life, err := r.registry.Authorize(ctx, c, repository)
		if header = given; err == nil && header != "" {
			r.tokens.keep(at, header, begun, life)
		}
		return err
	})
	return header, false, err
}

func (t *tokens) find(at scope, now time.Time) (header string, kept bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	found, there := t.kept[at]
	return found.header, there && now.Before(found.ends)
}

// keep remembers a header for most of its life.
func (t *tokens) keep(at scope, header string, now time.Time, life time.Duration) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for old, found := range t.kept {
		if len(t.kept) >= mostTokens || !now.Before(found.ends) {
			delete(t.kept, old)
		}
	}
	if t.kept == nil {
		t.kept = map[scope]token{}
	}
	t.kept[at] = token{header, now.Add(life * 4 / 5)}
}

// drop forgets what the instance takes no longer.
func (t *tokens) drop(l login, repository string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.kept, scope{l, repository})
}

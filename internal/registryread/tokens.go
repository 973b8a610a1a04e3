package registryread

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
)

const (
	// mostTokens are kept: each may have some KiB, and thousands of repositories have one each.
	mostTokens = 64
	// refusedFor is how long a credential that the token service doesn't know isn't sent
	// again, lest an account is locked for it.
	refusedFor = 15 * time.Minute
)

// A login tells credentials apart without keeping them.
type login [sha256.Size]byte

func loginOf(c pullsecrets.Credential) login {
	if c.None() {
		return login{}
	}
	username, password := c.Login()
	return sha256.Sum256([]byte(fmt.Sprintf("%d:%s%s", len(username), username, password)))
}

// tokens are what Authorize has given, as long as it lives.
type tokens struct {
	mutex   sync.Mutex
	kept    map[scope]token
	refused *Refusals
}

// Refusals are the credentials that a token service doesn't know. Its zero value has none.
// Readers of one instance may share them.
type Refusals struct {
	mutex sync.Mutex
	of    map[login]refusal
}

type scope struct {
	login
	repository string
}

type token struct {
	header string
	ends   time.Time
}

type refusal struct {
	err  error
	ends time.Time
}

// authorize gives the header for pulls of a repository, and whether it was kept from an
// earlier one.
func (r *Reader) authorize(ctx context.Context, c pullsecrets.Credential, repository string) (header string, kept bool, err error) {
	at := scope{loginOf(c), repository}
	now := time.Now()
	header, kept, err = r.tokens.find(at, now)
	if kept || err != nil {
		return header, kept, err
	}
	if r.registry.GivesTokens() {
		if err := r.pace(ctx); err != nil {
			return "", false, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	header, life, err := r.registry.Authorize(ctx, c, repository)
	r.tokens.keep(at, header, now, life, err)
	return header, false, err
}

func (t *tokens) find(at scope, now time.Time) (header string, kept bool, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if found, there := t.kept[at]; there && now.Before(found.ends) {
		return found.header, true, nil
	}
	return "", false, t.refused.find(at.login, now)
}

func (r *Refusals) find(l login, now time.Time) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if found, there := r.of[l]; there && now.Before(found.ends) {
		return found.err
	}
	return nil
}

func (r *Refusals) keep(l login, err error, now time.Time) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.of) >= mostTokens {
		clear(r.of)
	}
	if r.of == nil {
		r.of = map[login]refusal{}
	}
	r.of[l] = refusal{err, now.Add(refusedFor)}
}

// keep remembers a header for most of its life, and of a credential that it was refused.
// That nobody is given a token without a credential may be so for one repository alone.
func (t *tokens) keep(at scope, header string, now time.Time, life time.Duration, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	switch {
	case errors.Is(err, registrylogin.ErrNoLogin) && at.login != login{}:
		t.refused.keep(at.login, err, now)
	case err == nil && header != "":
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
}

// drop forgets what the instance takes no longer.
func (t *tokens) drop(l login, repository string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.kept, scope{l, repository})
}

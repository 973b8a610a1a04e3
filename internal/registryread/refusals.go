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
	// refusedFor is how long a credential that was refused isn't sent again.
	refusedFor = 15 * time.Minute
	// mostLogins are remembered: of each there is little.
	mostLogins = 1000
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

// Refusals remember which credentials the token service of an instance doesn't know. Such
// a one is sent once in a quarter of an hour, however many ask with it, lest an account is
// locked for it. Readers of the same instance may share them. The zero value has none.
type Refusals struct {
	mutex sync.Mutex
	// turn has one place, for who sends a credential of which nothing is known.
	turn    chan struct{}
	proven  map[login]bool
	refused map[login]refusal
}

type refusal struct {
	err  error
	ends time.Time
}

// send has a credential sent, where it isn't known to be refused.
func (f *Refusals) send(ctx context.Context, who login, send func() error) error {
	// Without a credential a refusal may be of one repository alone.
	if who == (login{}) {
		return send()
	}
	turn, err := f.look(who)
	if turn != nil {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return ctx.Err()
		}
		_, err = f.look(who) // by whose turn was before
	}
	if err != nil {
		return err
	}
	err = send()
	f.learn(who, err)
	return err
}

// look tells that a credential is refused, or whose turn is to be waited for where nothing
// is known of it.
func (f *Refusals) look(who login) (turn chan struct{}, refused error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if found, there := f.refused[who]; there && time.Now().Before(found.ends) {
		return nil, found.err
	}
	if f.proven[who] {
		return nil, nil
	}
	if f.turn == nil {
		f.turn = make(chan struct{}, 1)
	}
	return f.turn, nil
}

func (f *Refusals) learn(who login, err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	switch {
	case errors.Is(err, registrylogin.ErrNoLogin):
		if f.refused == nil || len(f.refused) >= mostLogins {
			f.refused = map[login]refusal{}
		}
		f.refused[who] = refusal{err, time.Now().Add(refusedFor)}
		delete(f.proven, who)
	case err == nil:
		if f.proven == nil || len(f.proven) >= mostLogins {
			f.proven = map[login]bool{}
		}
		f.proven[who] = true
		delete(f.refused, who)
	}
}

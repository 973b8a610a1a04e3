package registrylogin

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/registry-failover/registry-failover/internal/health"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// Authorize gives the header Authorization for pulls of a repository, and for how long
// it may be sent again: empty where the instance wants none of anybody, or a password
// and there is no credential. An [ErrRefused] is its token
// service's; what the token is good for, only a pull shows.
func (r *Registry) Authorize(ctx context.Context, c pullsecrets.Credential, repository string) (header string, life time.Duration, err error) {
	const always = 24 * time.Hour
	switch {
	case r.IsOpen():
		return "", always, nil
	case r.answer.Realm != nil:
		token, life, err := r.token(ctx, c, repository)
		if err != nil {
			return "", 0, err
		}
		return "Bearer " + token, life, nil
	case r.answer.Basic && c.None():
		return "", always, nil
	case r.answer.Basic:
		username, password := c.Login()
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password)), always, nil
	}
	return "", 0, errors.New("it asks neither for a password nor for a token")
}

// GivesTokens tells whether Authorize asks its token service, where it isn't open to everybody.
func (r *Registry) GivesTokens() bool { return !r.IsOpen() && r.answer.Realm != nil }

// Transport is one to the instance alone, for [Send]. Each request has a connection of
// its own, unless the caller changes that.
func (r *Registry) Transport() *http.Transport { return r.prober.Transport(r.target, https) }

// Host is what the instance is asked as: the shared endpoint.
func (r *Registry) Host() string { return r.target.Host }

// ID is the instance that has answered by its own words, cri-…; empty where it names none.
func (r *Registry) ID() string { return r.answer.Instance.ID }

// Accept are the types of manifests that a container runtime takes, for the header of that name.
func Accept() []string { return manifests }

// Latency is how long each part of the question took by which the instance was found.
func (r *Registry) Latency() health.Latency { return r.latency }

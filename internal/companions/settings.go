package companions

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// settings are what is in force. They never change.
type settings struct {
	config.PullSecrets
	endpoints []config.Endpoint
	rules     string
	own       string // the product's namespace
}

func newSettings(c *config.Config, own string) *settings {
	return &settings{c.PullSecrets, c.Endpoints, rulesOf(c.Endpoints), own}
}

// rulesOf tells apart endpoints of which Secrets hold, or have, different things.
func rulesOf(endpoints []config.Endpoint) string {
	sum := sha256.New()
	for _, e := range endpoints {
		fmt.Fprintf(sum, "endpoint %q\n", e.Name)
		for _, i := range e.Instances {
			fmt.Fprintf(sum, "%q %q %q\n", i.Name, i.InternalEndpoint, i.PublicEndpoint)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// covers tells whether a namespace is looked at. The product's own never is: its
// pods must start when what the shared endpoints lead to is dead.
func (s *settings) covers(namespace string) bool {
	return namespace != s.own && s.Covers(namespace)
}

// derives tells whether companions are written at all.
func (s *settings) derives() bool { return s.Mode == config.PullSecretsDerive }

// isOriginal tells by its name, and the label's value, whether a Secret may have companions and is in the index.
func (s *settings) isOriginal(name, ours string) bool {
	return ours == "" && !pullsecrets.IsCompanion(s.endpoints, name)
}

// scopes are the namespaces that are watched; the empty one is all.
func (s *settings) scopes() map[string]bool {
	scopes := map[string]bool{}
	switch {
	case s.Mode == config.PullSecretsOff:
	case s.All():
		scopes[""] = true
	default:
		for _, n := range s.Namespaces {
			if s.covers(n) {
				scopes[n] = true
			}
		}
	}
	return scopes
}

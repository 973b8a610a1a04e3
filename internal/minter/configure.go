package minter

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// begin puts another configuration into force. A token outlives it where its
// instance is the same; Secrets that it has no place for are deleted.
func (m *Minter) begin(ctx context.Context, c *config.Config) {
	before, were := m.tokens, m.namespaces
	m.tokens, m.namespaces, m.inForce = nil, nil, c
	for _, n := range c.PullSecrets.Mint {
		if c.PullSecrets.Mints(n) {
			m.namespaces = append(m.namespaces, n)
		}
	}
	if len(m.namespaces) > 0 {
		for _, e := range c.Endpoints {
			for _, i := range e.Instances {
				m.tokens = append(m.tokens, adopt(before, &token{endpoint: e.Name, instance: i.Name, id: i.ID, region: i.Region}))
			}
		}
	}
	for _, t := range before {
		configured := slices.ContainsFunc(m.tokens, func(now *token) bool { return now.name() == t.name() })
		if !configured {
			m.metrics.forget(t)
		}
		for _, n := range were {
			if !configured || !slices.Contains(m.namespaces, n) {
				m.remove(ctx, n, t)
			}
		}
	}
}

// adopt gives the token of before where it is of the same instance, to be written at once.
func adopt(before []*token, t *token) *token {
	for _, b := range before {
		if b.name() == t.name() && b.id == t.id && b.region == t.region {
			b.write = turn{}
			return b
		}
	}
	return t
}

// remove deletes the Secret of a token, once: with a namespace that isn't listed any
// more, the right to do so may be gone, and what is in there ends within the hour.
func (m *Minter) remove(ctx context.Context, namespace string, t *token) {
	name := pullsecrets.MintedName(t.endpoint, t.instance)
	s, err := m.Secrets.Read(ctx, namespace, name)
	if err == nil {
		if s.Labels[ownedsecrets.Label] != ownedsecrets.Minted {
			return
		}
		err = m.Secrets.Delete(ctx, namespace, name, s.UID, s.ResourceVersion)
	}
	if err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil {
		m.Log.Warn("a Secret with a token that isn't renewed any more stays: delete it", "namespace", namespace, "secret", name, "error", err)
	}
}

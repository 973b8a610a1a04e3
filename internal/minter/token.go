package minter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/ownedsecrets"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// ExpiresAnnotation tells when a minted Secret's token ends, in RFC 3339.
const ExpiresAnnotation = "registry-failover.io/expires"

// token is what is known of that of one instance of one endpoint.
type token struct {
	endpoint, instance string
	id, region         string // ACR's, of the instance
	minted             *alibaba.Token
	mintedAt           time.Time
	mint, write        turn
	recalled           bool
}

// name tells tokens apart in the log's memory.
func (t *token) name() string { return t.endpoint + "/" + t.instance }

// serve does what is due.
func (m *Minter) serve(ctx context.Context, t *token) {
	if t.mint.due(time.Now()) {
		m.renew(ctx, t)
	}
	if t.minted != nil && t.write.due(time.Now()) {
		m.write(ctx, t)
	}
}

// renew asks for a new token.
func (m *Minter) renew(ctx context.Context, t *token) {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	minted, err := m.Cloud.ReadToken(within, t.id, t.region)
	now := time.Now()
	if err == nil && !minted.Expires.After(now) {
		err = fmt.Errorf("the token of the instance %s ended at %s: set this node's clock", t.id, minted.Expires.UTC().Format(time.RFC3339))
	}
	m.tell(ctx, "mint "+t.name(), err, "endpoint", t.endpoint, "instance", t.instance)
	if err != nil {
		if ctx.Err() == nil {
			t.mint = t.mint.again(now, firstRetry, lastRetry, chance())
			m.metrics.fail(t)
			m.recall(ctx, t)
		}
		return
	}
	t.minted, t.mintedAt, t.write = &minted, now, turn{}
	t.mint = renew(now, minted.Expires, chance())
}

// write has the Secrets of all namespaces hold the token.
func (m *Minter) write(ctx context.Context, t *token) {
	var errs []error
	for _, namespace := range m.namespaces {
		_, err := m.Secrets.Put(ctx, t.secret(namespace))
		m.tell(ctx, "write "+namespace+" "+t.name(), err, "endpoint", t.endpoint, "instance", t.instance, "namespace", namespace)
		errs = append(errs, err)
	}
	if ctx.Err() != nil {
		return
	}
	if errors.Join(errs...) != nil {
		t.write = t.write.again(time.Now(), firstWrite, lastWrite, chance())
		m.metrics.fail(t)
		return
	}
	t.write = turn{next: time.Now().Add(look)}
	m.metrics.show(t)
}

// recall shows when the token ends that an earlier leader has left, where this one can't have its own.
func (m *Minter) recall(ctx context.Context, t *token) {
	if t.recalled || t.minted != nil || len(m.namespaces) == 0 {
		return
	}
	t.recalled = true
	s, err := m.Secrets.Read(ctx, m.namespaces[0], pullsecrets.MintedName(t.endpoint, t.instance))
	if err != nil || s.Labels[ownedsecrets.Label] != ownedsecrets.Minted {
		return
	}
	if expires, err := time.Parse(time.RFC3339, s.Annotations[ExpiresAnnotation]); err == nil {
		m.metrics.expires(t, expires)
	}
}

// secret is how one shall be.
func (t *token) secret(namespace string) ownedsecrets.Secret {
	username, password := t.minted.Login()
	return ownedsecrets.Secret{
		Namespace: namespace, Name: pullsecrets.MintedName(t.endpoint, t.instance), Kind: ownedsecrets.Minted,
		Annotations: map[string]string{
			"registry-failover.io/endpoint": t.endpoint, "registry-failover.io/instance": t.instance,
			ExpiresAnnotation: t.minted.Expires.UTC().Format(time.RFC3339),
		},
		Content: pullsecrets.Content(t.endpoint, username, password),
	}
}

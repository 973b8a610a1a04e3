package minter

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	minted, expiry, failing *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) metrics {
	labels := []string{"endpoint", "instance"}
	m := metrics{
		minted: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_minted_token_timestamp_seconds",
			Help: "When the token was minted that the Secrets of all listed namespaces hold; absent before, and on a replica that doesn't lead.",
		}, labels),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_minted_token_expiry_timestamp_seconds",
			Help: "When that token ends, or the one that an earlier leader has left where this one can't have its own.",
		}, labels),
		failing: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_minted_token_failing",
			Help: "1 while no token can be minted, or it can't be written to a listed namespace; absent on a replica that doesn't lead.",
		}, labels),
	}
	r.MustRegister(m.minted, m.expiry, m.failing)
	return m
}

// show tells of a token that stands in all namespaces; that another can't be had, it leaves to fail.
func (m metrics) show(t *token) {
	m.minted.WithLabelValues(t.endpoint, t.instance).Set(float64(t.mintedAt.Unix()))
	m.expires(t, t.minted.Expires)
	if t.mint.failures == 0 {
		m.failing.WithLabelValues(t.endpoint, t.instance).Set(0)
	}
}

func (m metrics) expires(t *token, at time.Time) {
	m.expiry.WithLabelValues(t.endpoint, t.instance).Set(float64(at.Unix()))
}

func (m metrics) fail(t *token) { m.failing.WithLabelValues(t.endpoint, t.instance).Set(1) }

// forget is for one that isn't configured any more.
func (m metrics) forget(t *token) {
	for _, g := range []*prometheus.GaugeVec{m.minted, m.expiry, m.failing} {
		g.DeleteLabelValues(t.endpoint, t.instance)
	}
}

// clear is for a replica that no longer leads.
func (m metrics) clear() {
	m.minted.Reset()
	m.expiry.Reset()
	m.failing.Reset()
}

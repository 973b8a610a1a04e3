// Package diagnostics is what every program of the product shows of itself: its
// log, and a metrics port with /metrics, /healthz and /readyz.
package diagnostics

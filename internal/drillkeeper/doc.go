// Package drillkeeper is the controller's part in drills: it makes the ConfigMap that they
// are noted in, tells as a metric when the last one of each instance succeeded, and tells
// what stands there to who answers what drills ask: internal/readiness, which has the
// images and their credentials.
//
// The format is internal/drill's. What is written there by people with the right to it may
// be anything: what can't be read counts as no drill.
package drillkeeper

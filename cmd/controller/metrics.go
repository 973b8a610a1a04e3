package main

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	library "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
)

// libraryMetrics are what controller-runtime and client-go count that tells
// something here. Their labels are our controllers, HTTP codes and methods, and the API server's address.
var libraryMetrics = []string{
	"controller_runtime_reconcile_errors_total",
	"controller_runtime_reconcile_total",
	"leader_election_master_status",
	"rest_client_requests_total",
}

// withLibrary shows our metrics and the chosen ones of controller-runtime, which
// has a registry of its own.
func withLibrary(registry *prometheus.Registry) diagnostics.Registry {
	chosen := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := library.Registry.Gather()
		return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool {
			return !slices.Contains(libraryMetrics, f.GetName())
		}), err
	})
	return struct {
		prometheus.Registerer
		prometheus.Gatherer
	}{registry, prometheus.Gatherers{registry, chosen}}
}

package diagnostics

import (
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
)

// version is the tag of the image that the program was built for. tools/images and
// the Dockerfile set it as they link, because a build in a checkout and one in
// an archive of the source shall give the same bytes.
var version string

// Version is what the program was linked with, else the module version that it
// was built from, such as v1.2.3, or "(devel)" for one that was built from a
// working tree without a version.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// buildInfo is always 1: its labels are what it tells.
func buildInfo() prometheus.Collector {
	labels := prometheus.Labels{"version": Version(), "go_version": ""}
	if info, ok := debug.ReadBuildInfo(); ok {
		labels["go_version"] = info.GoVersion
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "registry_failover_build_info",
		Help:        "Always 1; the labels tell the version of the program and of Go.",
		ConstLabels: labels,
	}, func() float64 { return 1 })
}

package nodereport

import "time"

// PartOf and Component are labels of each Lease that is a node's report. The
// namespace has others: the one that the controller elects its leader with.
const (
	PartOf    = "app.kubernetes.io/part-of"
	Component = "app.kubernetes.io/component"
)

// Selector chooses the Leases that are node reports.
const Selector = PartOf + "=registry-failover," + Component + "=resolver"

// Labels are what each node's Lease carries.
func Labels() map[string]string {
	return map[string]string{PartOf: "registry-failover", Component: "resolver"}
}

// FieldManager is who the API server says has written the Lease, and when.
const FieldManager = "registry-failover-resolver"

const (
	// RenewEvery is how long a report that doesn't change stays unwritten at most.
	RenewEvery = 5 * time.Minute
	// Duration is the Lease's leaseDurationSeconds: a report that is older is of
	// a node whose resolver doesn't run, or doesn't reach the API server.
	Duration = 2 * RenewEvery
)

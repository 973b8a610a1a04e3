package cluster

import "path/filepath"

// auditPolicy has an event for each pod that is created or changed, with what
// admission has noted about it.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch]
  resources: [{group: "", resources: [pods, pods/ephemeralcontainers]}]
- level: None
`

// AuditLog is the path of the API server's: an audit.k8s.io/v1 Event in JSON on each line.
func (c *Cluster) AuditLog() string { return filepath.Join(c.Logs, "audit.log") }

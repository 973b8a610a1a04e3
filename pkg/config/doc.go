// Package config is the configuration of the product: config.yaml in the
// ConfigMap registry-failover-config.
//
// [Parse] decodes it strictly, fills in the defaults and validates it; every
// mistake is reported with the path of its field and the remedy. What the pure
// cores need is handed over in their own types: [Config.Rewriter] of pkg/rewrite
// and [Config.Zones] of pkg/zone. docs/configuration.md lists every key.
package config

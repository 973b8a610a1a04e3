package config

// APIVersion and Kind head every configuration.
const (
	APIVersion = "registry-failover.io/v1alpha1"
	Kind       = "Config"
)

// Config is the whole configuration. The chart renders it from one value.
type Config struct {
	APIVersion  string      `json:"apiVersion"`
	Kind        string      `json:"kind"`
	Cluster     Cluster     `json:"cluster"`
	Admission   Admission   `json:"admission"`
	PrivateZone PrivateZone `json:"privateZone"`
	Node        Node        `json:"node"`
	PullSecrets PullSecrets `json:"pullSecrets"`
	Credentials Credentials `json:"credentials"`
	Health      Health      `json:"health"`
	Failover    Failover    `json:"failover"`
	Endpoints   []Endpoint  `json:"endpoints"`
}

// Cluster says where this cluster is.
type Cluster struct {
	// VPCID chooses this cluster's zone among same-named zones.
	VPCID  string `json:"vpcID"`
	Region string `json:"region"`
	// Domain is the cluster's DNS domain: no shared endpoint may be under it.
	Domain string `json:"domain"`
}

// Enforcement is what the webhook does with what it has computed.
type Enforcement string

const (
	// Enforce rewrites.
	Enforce Enforcement = "Enforce"
	// Audit computes, warns and counts, and changes nothing.
	Audit Enforcement = "Audit"
)

// Admission configures the webhook.
type Admission struct {
	Enforcement Enforcement `json:"enforcement"`
	// OnUpdate rewrites also containers whose image an UPDATE of a pod changes.
	OnUpdate bool `json:"onUpdate"`
}

// Source is where PrivateZone's records are read.
type Source string

const (
	// VPCDNS asks the node's own DNS servers; it needs no credentials.
	VPCDNS Source = "VPCDNS"
	// API lets the controller read PrivateZone (pvtz) for all.
	API Source = "API"
)

// PrivateZone configures how PrivateZone is read, and whether it is written.
type PrivateZone struct {
	Source Source `json:"source"`
	// WriteBack edits the record itself at a failover, as the manual procedure does.
	WriteBack bool `json:"writeBack"`
	// DryRun shows what WriteBack would do, and does nothing of it.
	DryRun bool `json:"dryRun"`
	// Force lets WriteBack write into zones that a service has made, such as ACR.
	Force bool `json:"force"`
}

// HostsMode is when a node's hosts file holds the marked block.
type HostsMode string

const (
	// HostsOnFailover writes the block while the switch names an instance.
	HostsOnFailover HostsMode = "OnFailover"
	// HostsAlways writes it also while the switch follows PrivateZone.
	HostsAlways HostsMode = "Always"
	// HostsOff keeps the block away.
	HostsOff HostsMode = "Off"
)

// UnmarshalJSON takes the bare Off of YAML 1.1, a boolean, for the word.
func (m *HostsMode) UnmarshalJSON(data []byte) error { return unmarshalWord(data, m) }

// Node configures what happens on each node.
type Node struct {
	Hosts HostsMode `json:"hosts"`
	// ResetConnections ends pulls in flight to the abandoned instance at a switch.
	// It goes with every mode of Hosts but HostsOff.
	ResetConnections bool `json:"resetConnections"`
}

// Provider is where the controller's cloud credentials come from.
type Provider string

const (
	// ProviderNone uses no cloud API.
	ProviderNone Provider = "None"
	// ProviderRRSA exchanges the pod's OIDC token for a RAM role (RAM Roles for Service Accounts).
	ProviderRRSA Provider = "RRSA"
	// ProviderECSRAMRole uses the RAM role of the node's ECS instance.
	ProviderECSRAMRole Provider = "ECSRAMRole"
	// ProviderAccessKey reads a permanent AccessKey pair from a Secret.
	ProviderAccessKey Provider = "AccessKey"
	// ProviderSTS reads a temporary AccessKey pair and token from a Secret.
	ProviderSTS Provider = "STS"
)

// Credentials chooses the provider and carries its fields; the fields of the others stay empty.
type Credentials struct {
	Provider Provider `json:"provider"`
	// RoleARN, OIDCProviderARN and OIDCTokenFile are RRSA's; an empty one is
	// taken from the environment that ack-pod-identity-webhook injects.
	RoleARN         string `json:"roleARN"`
	OIDCProviderARN string `json:"oidcProviderARN"`
	OIDCTokenFile   string `json:"oidcTokenFile"`
	// RoleName is ECSRAMRole's; empty asks the metadata service for it.
	RoleName string `json:"roleName"`
	// SecretName is AccessKey's and STS's: a Secret in the release's namespace.
	SecretName string `json:"secretName"`
}

// Health configures the probes of the instances.
type Health struct {
	Interval Duration `json:"interval"`
	Timeout  Duration `json:"timeout"`
	// Slow is the latency from which an instance that answers counts as failing.
	Slow Duration `json:"slow"`
	// Failures and Successes in a row change an instance's health.
	Failures  int `json:"failures"`
	Successes int `json:"successes"`
	// Canary is a manifest that every instance must have: repository@digest.
	Canary string `json:"canary"`
}

// FailoverMode is who throws the switch.
type FailoverMode string

const (
	// Manual leaves the switch to people.
	Manual FailoverMode = "Manual"
	// Automatic lets the controller throw it, within the safety rules.
	Automatic FailoverMode = "Automatic"
)

// Failover configures automatic switching and its safety rules.
type Failover struct {
	Mode FailoverMode `json:"mode"`
	// Dwell is the least time between two switches.
	Dwell Duration `json:"dwell"`
	// ReadyShare is the share of images that the target must have, from 0 to 1. With 0
	// nobody needs to have looked.
	ReadyShare float64 `json:"readyShare"`
	// MaxPerDay is the most switches within 24 hours.
	MaxPerDay int `json:"maxPerDay"`
	// RecreateStuckPods deletes after a switch, whoever has thrown it, pods that wait in
	// kubelet's back-off since before it, so that their controllers make new ones. It goes
	// with every mode of Node.Hosts but HostsOff.
	RecreateStuckPods bool `json:"recreateStuckPods"`
}

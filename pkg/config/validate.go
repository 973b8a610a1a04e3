package config

import (
	"fmt"
	"slices"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
	"github.com/registry-failover/registry-failover/pkg/zone"
)

// Validate reports every mistake with the path of its field. Defaults must be in place.
func (c *Config) Validate() field.ErrorList {
	var errs field.ErrorList
	errs = append(errs, c.validateHead()...)
	errs = append(errs, c.validateCloud()...)
	errs = append(errs, c.PullSecrets.validate(field.NewPath("pullSecrets"), c.Credentials.Provider)...)
	errs = append(errs, c.Credentials.validate(field.NewPath("credentials"))...)
	errs = append(errs, c.Health.validate(field.NewPath("health"))...)
	errs = append(errs, c.Failover.validate(field.NewPath("failover"))...)
	return append(errs, c.validateEndpoints(field.NewPath("endpoints"))...)
}

func (c *Config) validateHead() field.ErrorList {
	var errs field.ErrorList
	errs = append(errs, oneOf(field.NewPath("apiVersion"), c.APIVersion, APIVersion)...)
	errs = append(errs, oneOf(field.NewPath("kind"), c.Kind, Kind)...)
	errs = append(errs, oneOf(field.NewPath("admission", "enforcement"), c.Admission.Enforcement, Enforce, Audit)...)
	errs = append(errs, oneOf(field.NewPath("node", "hosts"), c.Node.Hosts, HostsOnFailover, HostsAlways, HostsOff)...)
	if c.Node.ResetConnections && c.Node.Hosts == HostsOff {
		errs = append(errs, field.Invalid(field.NewPath("node", "resetConnections"), true, "needs the hosts file, which leads the pulls elsewhere that are tried again: set node.hosts to OnFailover or Always"))
	}
	if c.Failover.RecreateStuckPods && c.Node.Hosts == HostsOff {
		errs = append(errs, field.Invalid(field.NewPath("failover", "recreateStuckPods"), true, "needs the nodes' reports, which tell whether a new pod would pull from elsewhere: set node.hosts to OnFailover or Always"))
	}
	if !zone.IsDNSName(c.Cluster.Domain) {
		errs = append(errs, field.Invalid(field.NewPath("cluster", "domain"), c.Cluster.Domain, "must be a lowercase DNS name without a final dot, such as cluster.local"))
	}
	return errs
}

// validateCloud checks what using the cloud's API asks for.
func (c *Config) validateCloud() field.ErrorList {
	path := field.NewPath("privateZone")
	errs := oneOf(path.Child("source"), c.PrivateZone.Source, VPCDNS, API)
	withoutCredentials := c.Credentials.Provider == ProviderNone
	if c.PrivateZone.Source == API && withoutCredentials {
		errs = append(errs, field.Invalid(path.Child("source"), c.PrivateZone.Source, "needs cloud credentials: set credentials.provider, or use VPCDNS"))
	}
	if c.PrivateZone.Source == API && c.Cluster.VPCID == "" {
		errs = append(errs, field.Required(field.NewPath("cluster", "vpcID"), "privateZone.source API needs it to choose this cluster's zone among same-named ones"))
	}
	if c.PrivateZone.WriteBack && withoutCredentials {
		errs = append(errs, field.Invalid(path.Child("writeBack"), true, "needs cloud credentials: set credentials.provider"))
	}
	if c.PrivateZone.WriteBack && c.PrivateZone.Source != API && c.Cluster.VPCID == "" {
		errs = append(errs, field.Required(field.NewPath("cluster", "vpcID"), "privateZone.writeBack needs it to choose this cluster's zone among same-named ones"))
	}
	if !c.PrivateZone.WriteBack {
		for _, f := range []struct {
			name string
			set  bool
		}{{"dryRun", c.PrivateZone.DryRun}, {"force", c.PrivateZone.Force}} {
			if f.set {
				errs = append(errs, field.Invalid(path.Child(f.name), true, "belongs to privateZone.writeBack: set that to true, too"))
			}
		}
	}
	return errs
}

func (c Credentials) validate(path *field.Path) field.ErrorList {
	errs := oneOf(path.Child("provider"), c.Provider, ProviderNone, ProviderRRSA, ProviderECSRAMRole, ProviderAccessKey, ProviderSTS)
	fields := []struct {
		key, value string
		of         []Provider
	}{
		{"roleARN", c.RoleARN, []Provider{ProviderRRSA}},
		{"oidcProviderARN", c.OIDCProviderARN, []Provider{ProviderRRSA}},
		{"oidcTokenFile", c.OIDCTokenFile, []Provider{ProviderRRSA}},
		{"roleName", c.RoleName, []Provider{ProviderECSRAMRole}},
		{"secretName", c.SecretName, []Provider{ProviderAccessKey, ProviderSTS}},
	}
	for _, f := range fields {
		if f.value != "" && !slices.Contains(f.of, c.Provider) {
			errs = append(errs, field.Forbidden(path.Child(f.key), fmt.Sprintf("belongs to provider %s: remove it or change the provider", list(f.of))))
		}
	}
	if (c.Provider == ProviderAccessKey || c.Provider == ProviderSTS) && !zone.IsDNSName(c.SecretName) {
		errs = append(errs, field.Invalid(path.Child("secretName"), c.SecretName, "must name the Secret that holds the key"))
	}
	return errs
}

func (h Health) validate(path *field.Path) field.ErrorList {
	errs := positive(path.Child("interval"), h.Interval)
	errs = append(errs, positive(path.Child("timeout"), h.Timeout)...)
	errs = append(errs, positive(path.Child("slow"), h.Slow)...)
	if len(errs) == 0 && h.Slow.Duration <= h.Timeout.Duration {
		errs = append(errs, field.Invalid(path.Child("slow"), h.Slow.String(), fmt.Sprintf("must be longer than health.timeout, %s: an answer comes after a connection", h.Timeout)))
	}
	errs = append(errs, atLeastOne(path.Child("failures"), h.Failures)...)
	errs = append(errs, atLeastOne(path.Child("successes"), h.Successes)...)
	if h.Canary != "" && !isCanary(h.Canary) {
		errs = append(errs, field.Invalid(path.Child("canary"), h.Canary, "must be a repository and a digest without a host, such as demo/web@sha256:…"))
	}
	return errs
}

// isCanary wants a digest, because a tag may lead elsewhere on each instance.
func isCanary(text string) bool {
	named, err := reference.ParseNormalizedNamed("canary.invalid/" + text)
	if err != nil {
		return false
	}
	_, digested := named.(reference.Digested)
	_, tagged := named.(reference.Tagged)
	_, hasHost := rewrite.Host(text)
	return digested && !tagged && !hasHost
}

func (f Failover) validate(path *field.Path) field.ErrorList {
	errs := oneOf(path.Child("mode"), f.Mode, Manual, Automatic)
	if f.Dwell.Malformed != "" || f.Dwell.Duration < 0 {
		errs = append(errs, notADuration(path.Child("dwell"), f.Dwell, "10m; 0s for none"))
	}
	if !(f.ReadyShare >= 0 && f.ReadyShare <= 1) {
		errs = append(errs, field.Invalid(path.Child("readyShare"), f.ReadyShare, "must be from 0 to 1; 0 asks for no images"))
	}
	return append(errs, atLeastOne(path.Child("maxPerDay"), f.MaxPerDay)...)
}

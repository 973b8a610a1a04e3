package config

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// PullSecretsMode is what is done about pull credentials.
type PullSecretsMode string

const (
	// PullSecretsDerive writes companions of existing Secrets for the shared endpoint.
	PullSecretsDerive PullSecretsMode = "Derive"
	// PullSecretsCheck reports pods without a credential.
	PullSecretsCheck PullSecretsMode = "Check"
	// PullSecretsOff reads no Secret.
	PullSecretsOff PullSecretsMode = "Off"
)

// UnmarshalJSON takes the bare Off of YAML 1.1, a boolean, for the word.
func (m *PullSecretsMode) UnmarshalJSON(data []byte) error { return unmarshalWord(data, m) }

// PullSecrets configures derived pull credentials.
type PullSecrets struct {
	Mode PullSecretsMode `json:"mode"`
	// Namespaces lists where, or is ["*"]. Modes other than Off require it.
	Namespaces []string `json:"namespaces"`
	// Mint lists the namespaces, of those above and by their names, that are given a
	// token of each instance from the cloud's API. It goes with Derive.
	Mint []string `json:"mint"`
	// BreakGlass names a Secret that people keep where it is needed, with permanent
	// credentials for the shared endpoint. It goes with Derive.
	BreakGlass string `json:"breakGlass"`
}

// systemNamespace is where Kubernetes' own pods are: nothing is rewritten there, and nothing derived.
const systemNamespace = "kube-system"

// Covers tells whether anything is done about the pull secrets of a namespace.
func (p PullSecrets) Covers(namespace string) bool {
	return p.Mode != PullSecretsOff && namespace != systemNamespace &&
		(p.All() || slices.Contains(p.Namespaces, namespace))
}

// All tells whether all namespaces are covered.
func (p PullSecrets) All() bool { return slices.Contains(p.Namespaces, "*") }

// Mints tells whether a namespace is given tokens of the instances.
func (p PullSecrets) Mints(namespace string) bool {
	return p.Mode == PullSecretsDerive && p.Covers(namespace) && slices.Contains(p.Mint, namespace)
}

func (p PullSecrets) validate(path *field.Path, provider Provider) field.ErrorList {
	errs := oneOf(path.Child("mode"), p.Mode, PullSecretsDerive, PullSecretsCheck, PullSecretsOff)
	errs = append(errs, p.validateNamespaces(path.Child("namespaces"))...)
	errs = append(errs, p.validateMint(path.Child("mint"), provider)...)
	if p.BreakGlass == "" {
		return errs
	}
	switch path = path.Child("breakGlass"); {
	case p.Mode != PullSecretsDerive:
		errs = append(errs, field.Invalid(path, p.BreakGlass, "belongs to pullSecrets.mode Derive: set that, too"))
	case !zone.IsDNSName(p.BreakGlass):
		errs = append(errs, field.Invalid(path, p.BreakGlass, "must be the name of a Secret"))
	}
	return errs
}

func (p PullSecrets) validateNamespaces(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if p.Mode != PullSecretsOff && len(p.Namespaces) == 0 {
		errs = append(errs, field.Required(path, `list the namespaces, or write ["*"] for all`))
	}
	listed := places{}
	for i, n := range p.Namespaces {
		switch {
		case n == "*" && len(p.Namespaces) > 1:
			errs = append(errs, field.Invalid(path.Index(i), n, "stands for all namespaces: remove the others"))
		case n == systemNamespace:
			errs = append(errs, field.Invalid(path.Index(i), n, "is left alone, as its images are: remove it"))
		case n != "*" && !isLabel(n):
			errs = append(errs, field.Invalid(path.Index(i), n, `must be the name of a namespace, or "*" for all`))
		default:
			errs = append(errs, listed.claim(path.Index(i), n, "list each namespace once")...)
		}
	}
	return errs
}

func (p PullSecrets) validateMint(path *field.Path, provider Provider) field.ErrorList {
	var errs field.ErrorList
	if len(p.Mint) > 0 && p.Mode != PullSecretsDerive {
		errs = append(errs, field.Forbidden(path, "belongs to pullSecrets.mode Derive: set that, too"))
	}
	if len(p.Mint) > 0 && provider == ProviderNone {
		errs = append(errs, field.Forbidden(path, "needs cloud credentials: set credentials.provider"))
	}
	listed := places{}
	for i, n := range p.Mint {
		if !isLabel(n) || p.Mode == PullSecretsDerive && !p.Covers(n) {
			errs = append(errs, field.Invalid(path.Index(i), n, "must be one of pullSecrets.namespaces, by its name: a token of an instance reads whatever the controller's credentials may"))
			continue
		}
		errs = append(errs, listed.claim(path.Index(i), n, "list each namespace once")...)
	}
	return errs
}

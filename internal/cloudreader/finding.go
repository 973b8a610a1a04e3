package cloudreader

import "fmt"

// A Code tells what a Finding is about.
type Code string

const (
	// NoZone says that no zone of the name answers in a VPC.
	NoZone Code = "NoZone"
	// AmbiguousZone says that several zones of the name are bound to a VPC.
	AmbiguousZone Code = "AmbiguousZone"
	// EmptyZone says that a zone has no record that leads somewhere.
	EmptyZone Code = "EmptyZone"
	// UnusableAddress says that a zone has an address that can't be a registry's.
	UnusableAddress Code = "UnusableAddress"
	// IgnoredRecord says that a resolver in the VPC may see more than is read here.
	IgnoredRecord Code = "IgnoredRecord"
	// Disagreement says that two sources tell different things of an instance.
	Disagreement Code = "Disagreement"
	// NotRead says that ACR couldn't be asked about an instance.
	NotRead Code = "NotRead"
	// NotPrimary says that the zone leads elsewhere than to the primary.
	NotPrimary Code = "NotPrimary"
	// NoCustomDomain says that an instance doesn't carry the endpoint's name.
	NoCustomDomain Code = "NoCustomDomain"
	// Disabled says that an instance's endpoint is switched off.
	Disabled Code = "Disabled"
)

// Codes are all that there are.
func Codes() []Code {
	return []Code{NoZone, AmbiguousZone, EmptyZone, UnusableAddress, IgnoredRecord, Disagreement, NotRead, NotPrimary, NoCustomDomain, Disabled}
}

// A Finding is what a person should look at, in one sentence.
type Finding struct {
	Code Code   `json:"code"`
	Text string `json:"text"`
}

func (r *Result) find(code Code, format string, a ...any) {
	r.Findings = append(r.Findings, Finding{code, fmt.Sprintf(format, a...)})
}

package cloud

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// Data is what the cloud holds when it starts.
type Data struct {
	AccessKeys []AccessKey `json:"accessKeys,omitempty"`
	// Roles may be assumed with an OIDC token, or by the ECS instance.
	Roles     []Role     `json:"roles,omitempty"`
	Zones     []Zone     `json:"zones,omitempty"`
	Instances []Instance `json:"instances,omitempty"`
}

// An AccessKey is permanent.
type AccessKey struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
	// Denied lists actions that its RAM user has no permission for, by the API's
	// name or RAM's: ListRepoSyncRule or cr:ListSyncRule.
	Denied []string `json:"denied,omitempty"`
}

// A Role gives sessions.
type Role struct {
	Name string `json:"name"`
	// ARN is what AssumeRoleWithOIDC names; the ECS instance has the first role without one.
	ARN          string `json:"arn,omitempty"`
	OIDCProvider string `json:"oidcProvider,omitempty"`
	// OIDCToken is the one that is accepted.
	OIDCToken string   `json:"oidcToken,omitempty"`
	Denied    []string `json:"denied,omitempty"`
}

// A Zone is a PrivateZone zone.
type Zone struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Type is AUTH_ZONE, the default, or CLOUD_PRODUCT_ZONE.
	Type    string   `json:"type,omitempty"`
	VPCs    []VPC    `json:"vpcs,omitempty"`
	Records []Record `json:"records,omitempty"`
}

// A VPC is bound to a zone.
type VPC struct {
	ID     string `json:"id"`
	Region string `json:"region"`
}

// A Record is one of a zone's.
type Record struct {
	ID       int64  `json:"id,omitempty"`     // given where it is 0
	RR       string `json:"rr"`               // @ is the zone's own name
	Type     string `json:"type"`             // A, AAAA, CNAME, TXT, MX, PTR or SRV
	Value    string `json:"value"`            //
	TTL      int    `json:"ttl,omitempty"`    // 60 where it is 0
	Status   string `json:"status,omitempty"` // ENABLE, the default, or DISABLE
	Line     string `json:"line,omitempty"`   // default where it is empty
	Weight   int    `json:"weight,omitempty"` // 1 where it is 0
	Remark   string `json:"remark,omitempty"`
	Priority int    `json:"priority,omitempty"`
}

// An Instance is one of ACR's Enterprise Edition.
type Instance struct {
	ID     string `json:"id"`
	Region string `json:"region"`
	// Public is the endpoint on the Internet, Internal that in VPCs.
	Public   Endpoint `json:"public"`
	Internal Endpoint `json:"internal"`
	// VPCs are linked ones, with the instance's address there.
	VPCs []LinkedVPC `json:"vpcs,omitempty"`
	// CustomDomains are those of the instance's owner.
	CustomDomains []string `json:"customDomains,omitempty"`
	// Edition is Enterprise_Basic, Enterprise_Standard or Enterprise_Advanced, the default.
	Edition string `json:"edition,omitempty"`
	Status  string `json:"status,omitempty"` // RUNNING where it is empty
	// Namespaces hold the instance's repositories.
	Namespaces []Namespace `json:"namespaces,omitempty"`
	// SyncRules copy images from this instance.
	SyncRules []SyncRule `json:"syncRules,omitempty"`
}

// A Namespace of an instance.
type Namespace struct {
	Name string `json:"name"`
	// ByHand namespaces make no repository when one is pushed that isn't there.
	ByHand bool `json:"byHand,omitempty"`
	// Repositories are names without the namespace.
	Repositories []string `json:"repositories,omitempty"`
}

// A SyncRule copies what is pushed to a namespace, or to one repository of it.
type SyncRule struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"` // the id where it is empty
	// Repository is empty where the rule is for the whole namespace.
	Namespace  string `json:"namespace"`
	Repository string `json:"repository,omitempty"`
	// TargetNamespace and TargetRepository are the same as the source's where they are empty.
	TargetInstance   string `json:"targetInstance"`
	TargetRegion     string `json:"targetRegion"`
	TargetNamespace  string `json:"targetNamespace,omitempty"`
	TargetRepository string `json:"targetRepository,omitempty"`
	// RepoFilter and TagFilter are regular expressions, .* where they are empty.
	RepoFilter string `json:"repoFilter,omitempty"`
	TagFilter  string `json:"tagFilter,omitempty"`
	Trigger    string `json:"trigger,omitempty"` // PASSIVE, the default, copies at each push; INITIATIVE when somebody starts it
}

// An Endpoint is a way to an instance.
type Endpoint struct {
	Host    string   `json:"host"`
	Enabled bool     `json:"enabled"`
	ACL     []string `json:"acl,omitempty"` // restricts access where there is any
}

// A LinkedVPC is linked to an instance.
type LinkedVPC struct {
	ID      string `json:"id"`
	IP      string `json:"ip"`
	VSwitch string `json:"vSwitch,omitempty"`
	Status  string `json:"status,omitempty"` // RUNNING, the default, or CREATING
	Default bool   `json:"default,omitempty"`
	Issue   string `json:"issue,omitempty"` // such as PRIVATE_ZONE_CONFLICT_AT_ and a zone's id

	made bool // by a call; it is CREATING until it has been read once
}

// ParseData reads YAML strictly, so that a misspelt key is noticed.
func ParseData(text []byte) (Data, error) {
	var d Data
	if err := yaml.UnmarshalStrict(text, &d); err != nil {
		return Data{}, fmt.Errorf("could not read the cloud's data: %w", err)
	}
	return d, nil
}

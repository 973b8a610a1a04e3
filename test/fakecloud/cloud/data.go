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
	// Denied lists actions that its RAM user has no permission for.
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
	Status  string `json:"status,omitempty"` // RUNNING, the default, or CREATING
	Default bool   `json:"default,omitempty"`
}

// ParseData reads YAML strictly, so that a misspelt key is noticed.
func ParseData(text []byte) (Data, error) {
	var d Data
	if err := yaml.UnmarshalStrict(text, &d); err != nil {
		return Data{}, fmt.Errorf("could not read the cloud's data: %w", err)
	}
	return d, nil
}

package cloud

import (
	"fmt"
	"net/netip"
	"slices"
)

// vpcQuota is how many VPCs an instance may be linked with, as
// https://www.alibabacloud.com/help/en/doc-detail/145271.htm has it; newer pages
// say that it depends on the edition and more can be bought.
const vpcQuota = 3

// No page lists the codes of these refusals.
var (
	vpcQuotaExceeded = unsuccessful("VPC_QUOTA_EXCEEDED")
	vpcLinked        = unsuccessful("INSTANCE_ACCESS_EXIST")
	entryExists      = unsuccessful("INSTANCE_ACCESS_ACL_ENTRY_EXIST")

	// That 0.0.0.0/0 and entries of a disabled endpoint are refused with this one
	// is what people report who run into it; no page tells.
	entryInvalid = unsuccessful("INSTANCE_ACCESS_ACL_ENTRY_INVALID")
)

func unsuccessful(code string) func() answer {
	return func() answer { return answer{"IsSuccess": false, "Code": code} }
}

// updateInstanceEndpointStatus: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-updateinstanceendpointstatus
//
// That an endpoint begins with the entry 127.0.0.1/32, which lets in nobody, is
// what people report; no page of the API tells.
func (c *Cloud) updateInstanceEndpointStatus(p parameters) (answer, *refusal) {
	if p["EndpointType"] != "internet" {
		return nil, invalid("EndpointType")
	}
	if p["Enable"] != "true" && p["Enable"] != "false" {
		return nil, invalid("Enable")
	}
	instance, no := c.changeable(p)
	if no != nil {
		return no, nil
	}
	instance.Public.Enabled = p["Enable"] == "true"
	if instance.Public.Enabled && len(instance.Public.ACL) == 0 {
		instance.Public.ACL = []string{"127.0.0.1/32"}
	}
	return succeeded(answer{}), nil
}

// createInstanceEndpointACLPolicy: https://help.aliyun.com/document_detail/451312.htm
func (c *Cloud) createInstanceEndpointACLPolicy(p parameters) (answer, *refusal) {
	if p["EndpointType"] != "internet" {
		return nil, invalid("EndpointType")
	}
	if p["Entry"] == "" {
		return nil, missing("Entry")
	}
	instance, no := c.changeable(p)
	if no != nil {
		return no, nil
	}
	prefix, err := netip.ParsePrefix(p["Entry"])
	switch {
	case err != nil, prefix.Bits() == 0, !instance.Public.Enabled:
		return entryInvalid(), nil
	case slices.Contains(instance.Public.ACL, p["Entry"]):
		return entryExists(), nil
	}
	instance.Public.ACL = append(slices.Clone(instance.Public.ACL), p["Entry"])
	return succeeded(answer{}), nil
}

// createInstanceVPCEndpointLinkedVPC: https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-createinstancevpcendpointlinkedvpc
//
// Whether it makes a record in PrivateZone where the parameter is left out is not documented; here it does.
func (c *Cloud) createInstanceVPCEndpointLinkedVPC(p parameters) (answer, *refusal) {
	for _, name := range []string{"VpcId", "VswitchId"} {
		if p[name] == "" {
			return nil, missing(name)
		}
	}
	instance, no := c.changeable(p)
	if no != nil {
		return no, nil
	}
	switch {
	case slices.ContainsFunc(instance.VPCs, func(v LinkedVPC) bool { return v.ID == p["VpcId"] }):
		return vpcLinked(), nil
	case len(instance.VPCs) >= vpcQuota:
		return vpcQuotaExceeded(), nil
	}
	n := c.next()
	link := LinkedVPC{ID: p["VpcId"], VSwitch: p["VswitchId"], IP: fmt.Sprintf("10.200.%d.%d", n/250%250, 1+n%250), Status: "CREATING", made: true}
	instance.VPCs = append(slices.Clone(instance.VPCs), link)
	if p["EnableCreateDNSRecordInPvzt"] != "false" {
		for _, name := range append([]string{instance.Internal.Host}, instance.CustomDomains...) {
			c.data.Zones = append(c.data.Zones, Zone{
				ID: fmt.Sprintf("zone-%d", c.next()), Name: name, Type: "CLOUD_PRODUCT_ZONE", VPCs: []VPC{{link.ID, instance.Region}},
				Records: []Record{{ID: c.next(), RR: "@", Type: "A", Value: link.IP, TTL: 60, Status: "ENABLE", Line: "default", Weight: 1}},
			})
		}
	}
	return succeeded(answer{}), nil
}

// changeable finds the instance that a call names, to change it.
func (c *Cloud) changeable(p parameters) (*Instance, answer) {
	for i := range c.data.Instances {
		if instance := &c.data.Instances[i]; instance.ID == p["InstanceId"] && instance.Region == p["RegionId"] {
			return instance, nil
		}
	}
	_, no := c.instance(p)
	return nil, no
}

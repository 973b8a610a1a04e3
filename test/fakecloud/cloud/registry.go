package cloud

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// listInstanceEndpoint: https://help.aliyun.com/document_detail/451317.htm
func (c *Cloud) listInstanceEndpoint(p parameters) (answer, *refusal) {
	instance, no := c.instance(p)
	if no != nil {
		return no, nil
	}
	public := endpoint("internet", instance.Public, instance.CustomDomains)
	internal := endpoint("vpc", instance.Internal, instance.CustomDomains)
	linked := []answer{}
	for _, v := range instance.VPCs {
		linked = append(linked, answer{"VpcId": v.ID})
	}
	internal["LinkedVpcs"] = linked
	return succeeded(answer{"Endpoints": []answer{public, internal}}), nil
}

// getInstanceEndpoint: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-getinstanceendpoint
func (c *Cloud) getInstanceEndpoint(p parameters) (answer, *refusal) {
	if p["EndpointType"] != "internet" {
		return nil, invalid("EndpointType")
	}
	instance, no := c.instance(p)
	if no != nil {
		return no, nil
	}
	return succeeded(endpoint("internet", instance.Public, instance.CustomDomains)), nil
}

// getInstanceVPCEndpoint: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-getinstancevpcendpoint
func (c *Cloud) getInstanceVPCEndpoint(p parameters) (answer, *refusal) {
	instance, no := c.changeable(p)
	if no != nil {
		return no, nil
	}
	linked := []answer{}
	instance.VPCs = slices.Clone(instance.VPCs)
	for i, v := range instance.VPCs {
		linked = append(linked, answer{
			"VpcId": v.ID, "Ip": v.IP, "Status": cmp.Or(v.Status, "RUNNING"), "DefaultAccess": v.Default, "VswitchId": cmp.Or(v.VSwitch, "vsw-"+v.ID),
			"Issue": v.Issue,
		})
		if v.made {
			instance.VPCs[i].Status = "RUNNING"
		}
	}
	return succeeded(answer{"Enable": instance.Internal.Enabled, "Domains": []string{instance.Internal.Host}, "LinkedVpcs": linked}), nil
}

// getAuthorizationToken: https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getauthorizationtoken
//
// A password lives for an hour, and as long as the session that has asked for it
// where there is one. The page's example has the user temp_user_cr; that of the
// Personal Edition's API has this one, as people see it.
func (c *Cloud) getAuthorizationToken(p parameters) (answer, *refusal) {
	i, no := c.instance(p)
	if no != nil {
		return no, nil
	}
	expires := c.now().Add(time.Hour)
	if s := c.sessions[p["AccessKeyId"]]; s != nil {
		expires = s.expires
	}
	return succeeded(answer{
		"TempUsername": "cr_temp_user", "AuthorizationToken": fmt.Sprintf("registry+token/%s/%d==", i.ID, c.next()), "ExpireTime": expires.UnixMilli(),
	}), nil
}

// instance finds the one that a call names. What ACR answers for one that it
// doesn't have is not documented; that HTTP 200 may carry IsSuccess false is.
func (c *Cloud) instance(p parameters) (Instance, answer) {
	for _, i := range c.data.Instances {
		if i.ID == p["InstanceId"] && i.Region == p["RegionId"] {
			return i, nil
		}
	}
	return Instance{}, answer{"IsSuccess": false, "Code": "INSTANCE_NOT_EXIST"}
}

func succeeded(content answer) answer {
	content["IsSuccess"], content["Code"] = true, "success"
	return content
}

func endpoint(kind string, e Endpoint, custom []string) answer {
	domains := []answer{{"Domain": e.Host, "Type": "SYSTEM"}}
	for _, domain := range custom {
		domains = append(domains, answer{"Domain": domain, "Type": "USER"})
	}
	entries := []answer{}
	for _, entry := range e.ACL {
		entries = append(entries, answer{"Entry": entry, "Comment": ""})
	}
	return answer{
		"EndpointType": kind, "Enable": e.Enabled, "AclEnable": len(e.ACL) > 0, "Status": "RUNNING",
		"Domains": domains, "LinkedVpcs": []answer{}, "AclEntries": entries,
	}
}

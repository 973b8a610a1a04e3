package alibaba

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/cr_ee"
)

// An Instance is what ACR says about the ways to an instance's images.
type Instance struct {
	ID string
	// Endpoints are the ways that ListInstanceEndpoint names, ordered by type.
	Endpoints []Endpoint
	// VPCs are those that the instance has an address in, ordered by VPC.
	VPCs []LinkedVPC
}

// An Endpoint is one way to an instance.
type Endpoint struct {
	// Type is as ACR writes it: internet or vpc.
	Type    string
	Enabled bool
	// Restricted endpoints let in the addresses of an access control list only.
	Restricted bool
	// ACL are the entries of that list as ACR writes them: an address, or a prefix
	// such as 192.0.2.0/24; sorted.
	ACL    []string
	Status string
	// Hosts are the names that ACR gives the instance, Custom those of its owner; both sorted.
	Hosts, Custom []string
}

// A LinkedVPC is a VPC in which an instance has an address.
type LinkedVPC struct {
	VPC  string
	Addr netip.Addr
	// Running is false while the address is being made.
	Running bool
	// Default tells that the VPC's DNS leads the instance's names to this address.
	Default bool
	// Issue is what ACR has met there, such as PRIVATE_ZONE_CONFLICT_AT_ and a
	// zone's id; empty where all is well.
	Issue string
}

// ReadInstance returns the ways to an instance. An error is one sentence.
func (c *Client) ReadInstance(ctx context.Context, id, region string) (Instance, error) {
	instance := Instance{ID: id}
	if err := c.listEndpoints(ctx, &instance, region); err != nil {
		return Instance{}, fmt.Errorf("could not read the instance %s: %w", id, err)
	}
	if err := c.readVPCs(ctx, &instance, region); err != nil {
		return Instance{}, fmt.Errorf("could not read the instance %s: %w", id, err)
	}
	return instance, nil
}

// module is ACR's word for images, beside Chart.
const module = "Registry"

// listEndpoints calls https://help.aliyun.com/document_detail/451317.htm.
func (c *Client) listEndpoints(ctx context.Context, instance *Instance, region string) error {
	return c.registry(ctx, "ListInstanceEndpoint", region, func(client *cr_ee.Client) error {
		request := cr_ee.CreateListInstanceEndpointRequest()
		request.InstanceId, request.ModuleName = instance.ID, module
		response, err := client.ListInstanceEndpoint(request)
		if err != nil {
			return err
		}
		if !response.ListInstanceEndpointIsSuccess {
			return unsuccessful(response.Code, response.RequestId)
		}
		instance.Endpoints = nil
		for _, e := range response.Endpoints {
			converted := Endpoint{Type: strings.ToLower(e.EndpointType), Enabled: e.Enable, Restricted: e.AclEnable, Status: e.Status}
			for _, d := range e.Domains {
				host := strings.ToLower(strings.TrimSuffix(d.Domain, "."))
				if d.Type == "USER" {
					converted.Custom = append(converted.Custom, host)
				} else {
					converted.Hosts = append(converted.Hosts, host)
				}
			}
			for _, entry := range e.AclEntries {
				converted.ACL = append(converted.ACL, clean(entry.Entry, "", Session{}))
			}
			slices.Sort(converted.ACL)
			slices.Sort(converted.Hosts)
			slices.Sort(converted.Custom)
			instance.Endpoints = append(instance.Endpoints, converted)
		}
		slices.SortFunc(instance.Endpoints, func(a, b Endpoint) int { return strings.Compare(a.Type, b.Type) })
		return nil
	})
}

// readVPCs calls https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-getinstancevpcendpoint.
func (c *Client) readVPCs(ctx context.Context, instance *Instance, region string) error {
	return c.registry(ctx, "GetInstanceVpcEndpoint", region, func(client *cr_ee.Client) error {
		request := cr_ee.CreateGetInstanceVpcEndpointRequest()
		request.InstanceId, request.ModuleName = instance.ID, module
		response := getInstanceVPCEndpointResponse{BaseResponse: &responses.BaseResponse{}}
		if err := client.DoAction(request, &response); err != nil {
			return err
		}
		if !response.Success {
			return unsuccessful(response.Code, response.RequestID)
		}
		instance.VPCs = nil
		for _, v := range response.LinkedVpcs {
			addr, err := netip.ParseAddr(v.Ip)
			if err != nil && (v.Ip != "" || v.Status == "RUNNING") { // one that is being made may have none yet
				return &Error{Kind: Malformed, detail: fmt.Sprintf("the VPC %q has the address %q", v.VpcId, v.Ip)}
			}
			instance.VPCs = append(instance.VPCs, LinkedVPC{VPC: v.VpcId, Addr: addr, Running: v.Status == "RUNNING", Default: v.DefaultAccess, Issue: clean(v.Issue, "", Session{})})
		}
		slices.SortFunc(instance.VPCs, func(a, b LinkedVPC) int {
			if by := strings.Compare(a.VPC, b.VPC); by != 0 {
				return by
			}
			return a.Addr.Compare(b.Addr)
		})
		return nil
	})
}

// getInstanceVPCEndpointResponse has a field that the SDK's type lacks.
type getInstanceVPCEndpointResponse struct {
	*responses.BaseResponse
	Success    bool `json:"IsSuccess"`
	Code       string
	RequestID  string `json:"RequestId"`
	LinkedVpcs []struct {
		cr_ee.LinkedVpcsItem
		Issue string
	}
}

// unsuccessful is what ACR means by HTTP 200 with IsSuccess false. An answer
// without that field, such as {}, is one as well.
func unsuccessful(code, requestID string) error {
	if code == "" {
		return &Error{Kind: Malformed, detail: "the answer doesn't say whether it is one"}
	}
	return &Error{Kind: classify(code, 0), Code: code, RequestID: requestID}
}

// registry calls ACR in the region of the instance.
func (c *Client) registry(ctx context.Context, action, region string, do func(*cr_ee.Client) error) error {
	return c.try(ctx, call{
		service: registryService, action: action, address: c.addresses.Registry(region), region: region,
		do: func(client sdk.Client) error { return do(&cr_ee.Client{Client: client}) },
	})
}

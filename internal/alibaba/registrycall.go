package alibaba

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
)

// A RegistryCall is one call that changes an instance of ACR. The functions that
// give one add something or open it: nothing here deletes, narrows or disables.
type RegistryCall struct {
	action     string
	region     string
	parameters []Parameter
}

// A Parameter of a call, as the API writes it.
type Parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const createRepoSyncRule = "CreateRepoSyncRule"

// SyncNamespace has ACR copy what is pushed to a namespace of one instance to the
// namespace of the same name in another one of the same account: every
// repository and tag, at each push.
//
// Source: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-createreposyncrule,
// where PASSIVE is automatic. No page tells what a rule may be called, so the
// name is short, of letters, digits and hyphens, and the same each time.
func SyncNamespace(source, sourceRegion, target, targetRegion, namespace string) RegistryCall {
	sum := sha256.Sum256([]byte(source + "\x00" + namespace + "\x00" + target))
	return newRegistryCall(createRepoSyncRule, source, sourceRegion,
		Parameter{"NamespaceName", namespace},
		Parameter{"TargetInstanceId", target},
		Parameter{"TargetRegionId", targetRegion},
		Parameter{"TargetNamespaceName", namespace},
		Parameter{"SyncRuleName", fmt.Sprintf("registry-failover-%x", sum[:4])},
		Parameter{"SyncScope", string(NamespaceScope)},
		Parameter{"SyncTrigger", "PASSIVE"},
		Parameter{"TagFilter", ".*"},
	)
}

// EnablePublicAccess opens the instance's public endpoint for images. That takes
// a minute or two in the cloud.
//
// Source: https://help.aliyun.com/zh/acr/developer-reference/api-cr-2018-12-01-updateinstanceendpointstatus
func EnablePublicAccess(id, region string) RegistryCall {
	return newRegistryCall("UpdateInstanceEndpointStatus", id, region,
		Parameter{"EndpointType", "internet"}, Parameter{"ModuleName", module}, Parameter{"Enable", "true"})
}

// AdmitAddresses adds an entry to the list of addresses that the public endpoint
// lets in. Where the list is empty everybody is let in, and the first entry shuts
// all others out.
//
// Source: https://help.aliyun.com/document_detail/451312.htm
func AdmitAddresses(id, region string, addresses netip.Prefix, comment string) RegistryCall {
	return newRegistryCall("CreateInstanceEndpointAclPolicy", id, region,
		Parameter{"EndpointType", "internet"}, Parameter{"ModuleName", module},
		Parameter{"Entry", addresses.String()}, Parameter{"Comment", comment})
}

// LinkVPC gives the instance an address in a VPC, of a vSwitch there. No record is
// made in PrivateZone: a new one at a name that is there already would change
// where the name leads. Where the parameter is left out, no page tells what ACR does.
//
// Source: https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-createinstancevpcendpointlinkedvpc
func LinkVPC(id, region, vpc, vSwitch string) RegistryCall {
	return newRegistryCall("CreateInstanceVpcEndpointLinkedVpc", id, region,
		Parameter{"ModuleName", module}, Parameter{"VpcId", vpc}, Parameter{"VswitchId", vSwitch},
		Parameter{"EnableCreateDNSRecordInPvzt", "false"})
}

func newRegistryCall(action, id, region string, parameters ...Parameter) RegistryCall {
	return RegistryCall{action, region, append([]Parameter{{"RegionId", region}, {"InstanceId", id}}, parameters...)}
}

// Action is the API's name for the call.
func (c RegistryCall) Action() string { return c.action }

// Right is the RAM action that the call needs.
func (c RegistryCall) Right() string { return Right(registryService, c.action) }

// Parameters are all that the call is made with, but for those of the signature.
func (c RegistryCall) Parameters() []Parameter { return slices.Clone(c.parameters) }

// Parameter is the value of one parameter, empty where the call hasn't got it.
func (c RegistryCall) Parameter(name string) string {
	for _, p := range c.parameters {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Compare orders calls by action and parameters; 0 is the same call.
func (c RegistryCall) Compare(other RegistryCall) int {
	return cmp.Or(strings.Compare(c.action, other.action), slices.CompareFunc(c.parameters, other.parameters, func(a, b Parameter) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	}))
}

// Equal tells whether it is the same call.
func (c RegistryCall) Equal(other RegistryCall) bool { return c.Compare(other) == 0 }

// String is the call with all of its parameters.
func (c RegistryCall) String() string {
	var text strings.Builder
	text.WriteString(registryService + ":" + c.action)
	for _, p := range c.parameters {
		text.WriteString(" " + p.Name + "=" + p.Value)
	}
	return text.String()
}

// Carry makes the call, once: whoever gets an error can't know whether the cloud
// has carried it out, and must read the instance before the next call. An error
// is one sentence.
func (c *Client) Carry(ctx context.Context, what RegistryCall) error {
	session, err := c.sessions.Session(ctx)
	if err != nil {
		return err
	}
	return c.once(ctx, call{
		service: registryService, action: what.action, address: c.addresses.Registry(what.region), region: what.region,
		do: what.do,
	}, session)
}

// do sends the parameters as they are shown: the SDK's types of these requests
// lack some of them.
func (c RegistryCall) do(client sdk.Client) error {
	request := &requests.RpcRequest{}
	request.InitWithApiInfo(registryService, "2018-12-01", c.action, "acr", "openAPI")
	request.Method, request.RegionId = requests.POST, c.region
	for _, p := range c.parameters {
		request.QueryParams[p.Name] = p.Value
	}
	response := struct {
		*responses.BaseResponse
		Succeeded bool `json:"IsSuccess"`
		Code      string
		RequestID string `json:"RequestId"`
	}{BaseResponse: &responses.BaseResponse{}}
	if err := client.DoAction(request, &response); err != nil {
		return err
	}
	if !response.Succeeded {
		return unsuccessful(response.Code, response.RequestID)
	}
	return nil
}

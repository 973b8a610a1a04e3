package cloud

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// An action answers a call with what becomes JSON, or refuses it. It is called
// with mu held.
type action struct {
	version string
	// open ones aren't signed.
	open bool
	// right is the RAM action that allows it, where it has another name.
	right string
	do    func(c *Cloud, p parameters) (answer, *refusal)
}

// service is the one that has the action, as RAM policies write it.
func (a action) service() string {
	if a.version == registryVersion {
		return "cr"
	}
	return "pvtz"
}

// denial is what a service answers whose RAM permission is missing.
func (a action) denial() *refusal {
	if a.version == registryVersion {
		return noPrivilege
	}
	return forbidden
}

// registryVersion is that of ACR's API.
const registryVersion = "2018-12-01"

type answer map[string]any

// actions are those that the product calls, or may.
var actions = map[string]action{
	"DescribeZones":       {version: "2018-01-01", do: (*Cloud).describeZones},
	"DescribeZoneInfo":    {version: "2018-01-01", do: (*Cloud).describeZoneInfo},
	"DescribeZoneRecords": {version: "2018-01-01", do: (*Cloud).describeZoneRecords},
	"AddZoneRecord":       {version: "2018-01-01", do: (*Cloud).addZoneRecord},
	"UpdateZoneRecord":    {version: "2018-01-01", do: (*Cloud).updateZoneRecord},
	"UpdateRecordRemark":  {version: "2018-01-01", do: (*Cloud).updateRecordRemark},
	"SetZoneRecordStatus": {version: "2018-01-01", do: (*Cloud).setZoneRecordStatus},
	"DeleteZoneRecord":    {version: "2018-01-01", do: (*Cloud).deleteZoneRecord},

	"ListInstanceEndpoint":   {version: registryVersion, do: (*Cloud).listInstanceEndpoint},
	"GetInstanceEndpoint":    {version: registryVersion, do: (*Cloud).getInstanceEndpoint},
	"GetInstanceVpcEndpoint": {version: registryVersion, do: (*Cloud).getInstanceVPCEndpoint},
	"GetInstance":            {version: registryVersion, do: (*Cloud).getInstance},
	"ListNamespace":          {version: registryVersion, do: (*Cloud).listNamespace},
	"ListRepository":         {version: registryVersion, do: (*Cloud).listRepository},
	"ListRepoSyncRule":       {version: registryVersion, right: "cr:ListSyncRule", do: (*Cloud).listRepoSyncRule},
	"CreateRepoSyncRule":     {version: registryVersion, right: "cr:CreateSyncRule", do: (*Cloud).createRepoSyncRule},
	"GetAuthorizationToken":  {version: registryVersion, do: (*Cloud).getAuthorizationToken},

	"UpdateInstanceEndpointStatus":       {version: registryVersion, do: (*Cloud).updateInstanceEndpointStatus},
	"CreateInstanceEndpointAclPolicy":    {version: registryVersion, do: (*Cloud).createInstanceEndpointACLPolicy},
	"CreateInstanceVpcEndpointLinkedVpc": {version: registryVersion, do: (*Cloud).createInstanceVPCEndpointLinkedVPC},

	"AssumeRoleWithOIDC": {version: "2015-04-01", open: true, do: (*Cloud).assumeRoleWithOIDC},
}

// ServeHTTP answers the RPC API of all services at one address: the actions'
// names tell them apart.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, err := read(r)
	if err != nil || r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	status, body, fault := c.answer(r.Method, p)
	if fault.DelaySeconds > 0 {
		select {
		case <-time.After(time.Duration(fault.DelaySeconds * float64(time.Second))):
		case <-r.Context().Done():
			return
		}
	}
	fault.write(w, status, body)
}

// answer makes the answer and its status, and tells how to spoil the sending.
func (c *Cloud) answer(method string, p parameters) (int, []byte, Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.requestID()
	fault := c.fault(p["Action"])
	content, r := c.call(method, p, fault)
	status, code := http.StatusOK, ""
	if r != nil {
		status, code = r.status, r.code
		content = answer{"Code": r.code, "Message": r.message, "HostId": "fakecloud", "Recommend": "https://api.aliyun.com/troubleshoot?q=" + r.code}
	}
	c.calls = append(c.calls, Call{Action: p["Action"], Code: code, Query: p})
	content["RequestId"] = id
	body, err := json.Marshal(content)
	if err != nil {
		panic(err) // all of it is made here
	}
	return status, body, fault
}

func (c *Cloud) call(method string, p parameters, fault Fault) (answer, *refusal) {
	a, known := actions[p["Action"]]
	if !known || p["Version"] != a.version {
		return nil, invalidAPI
	}
	if fault.Code != "" && !fault.Unsuccessful {
		return nil, &refusal{fault.status(), fault.Code, fault.message()}
	}
	if !a.open {
		denied, r := c.admit(method, p)
		if r != nil {
			return nil, r
		}
		if slices.Contains(denied, p["Action"]) || slices.Contains(denied, cmp.Or(a.right, a.service()+":"+p["Action"])) {
			return nil, a.denial()
		}
	}
	if fault.Unsuccessful {
		return answer{"IsSuccess": false, "Code": fault.Code}, nil
	}
	content, r := a.do(c, p)
	if r == nil {
		fault.spoil(content)
	}
	return content, r
}

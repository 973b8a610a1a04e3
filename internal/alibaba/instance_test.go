package alibaba

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

func TestReadInstanceOverHTTPS(t *testing.T) {
	w := newWorld(t, twoRegions(t), validKey)
	w.listen(t)
	got, err := w.client.ReadInstance(t.Context(), "cri-bbbbb", "cn-zhangjiakou")
	if err != nil {
		t.Fatal(err)
	}
	want := Instance{
		ID: "cri-bbbbb",
		Endpoints: []Endpoint{
			{
				Type: "internet", Enabled: true, Restricted: true, ACL: []string{"203.0.113.0/24"}, Status: "RUNNING",
				Hosts: []string{"b-registry.cn-zhangjiakou.cr.aliyuncs.com"}, Custom: []string{"cross-region.registry.io"},
			},
			{
				Type: "vpc", Enabled: true, Status: "RUNNING",
				Hosts: []string{"b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com"}, Custom: []string{"cross-region.registry.io"},
			},
		},
		VPCs: []LinkedVPC{{VPC: "vpc-bbbbb", Addr: netip.MustParseAddr("10.2.0.10"), Running: true, Default: true}},
	}
	if diff := cmp.Diff(want, got, asRead); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAVPCThatIsBeingLinkedMayHaveNoAddress(t *testing.T) {
	data := twoRegions(t)
	data.Instances[0].VPCs = []cloud.LinkedVPC{{ID: "vpc-ccccc", Status: "CREATING", Issue: "PRIVATE_ZONE_CONFLICT_AT_zone-1"}}
	w := newWorld(t, data, validKey)
	got, err := w.client.ReadInstance(t.Context(), "cri-aaaaa", "cn-hangzhou")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]LinkedVPC{{VPC: "vpc-ccccc", Issue: "PRIVATE_ZONE_CONFLICT_AT_zone-1"}}, got.VPCs, asRead); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnInstanceThatCantBeRead(t *testing.T) {
	for sentence, test := range map[string]struct {
		id    string
		fault cloud.Fault
		kind  Kind
		want  string
	}{
		"HTTP 200 without success": {
			fault: cloud.Fault{Action: "GetInstanceVpcEndpoint", Unsuccessful: true, Code: "INSTANCE_STATUS_ERROR"},
			kind:  Refused, want: "cr GetInstanceVpcEndpoint failed: INSTANCE_STATUS_ERROR",
		},
		"HTTP 200 without success, throttled": {
			fault: cloud.Fault{Action: "ListInstanceEndpoint", Unsuccessful: true, Code: "Throttling.User"}, kind: Throttled, want: "Throttling.User",
		},
		"an instance that isn't there": {id: "cri-zzzzz", kind: Refused, want: "could not read the instance cri-zzzzz: cr ListInstanceEndpoint failed: INSTANCE_NOT_EXIST"},
		"an answer that says nothing":  {fault: cloud.Fault{Action: "ListInstanceEndpoint", Body: `{}`}, kind: Malformed, want: "doesn't say"},
		"an address that is none": {
			fault: cloud.Fault{Action: "GetInstanceVpcEndpoint", Body: `{"IsSuccess":true,"LinkedVpcs":[{"VpcId":"vpc-x","Ip":"here","Status":"RUNNING"}]}`},
			kind:  Malformed, want: `the VPC "vpc-x" has the address "here"`,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, twoRegions(t), validKey)
				if test.fault.Action != "" {
					w.Inject(test.fault)
				}
				if test.id == "" {
					test.id = "cri-aaaaa"
				}
				_, err := w.client.ReadInstance(t.Context(), test.id, "cn-hangzhou")
				if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v (%s), want %q (%s)", err, KindOf(err), test.want, test.kind)
				}
			})
		})
	}
}

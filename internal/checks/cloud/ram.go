package cloud

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
)

// written are the rights that privateZone.writeBack needs, beside those to read.
var written = []string{"pvtz:UpdateRecordRemark", "pvtz:UpdateZoneRecord", "pvtz:AddZoneRecord", "pvtz:DeleteZoneRecord"}

// minted are the rights that pullSecrets.mint needs: to ask for a token, and what the
// token is to be good for.
var minted = []string{"cr:GetAuthorizationToken", "cr:PullRepository"}

// after are the rights of calls that aren't made when an earlier one is refused.
var after = map[string][]string{
	"cr:ListInstanceEndpoint": {"cr:GetInstanceVpcEndpoint"},
	"cr:ListNamespace":        {"cr:ListRepository"},
	"cr:ListSyncRule":         {"cr:ListRepository"},
	"pvtz:DescribeZones":      {"pvtz:DescribeZoneRecords"},
}

// ram names each right that a call lacked, and those of calls that weren't made.
func ram(w World) []checks.Finding {
	lacks := map[string][]string{} // by rights: whose
	lack := func(of string, err error) {
		if right := missing(err); right != "" && !slices.Contains(lacks[right], of) {
			lacks[right] = append(lacks[right], of)
		}
	}
	answered := false
	var other error
	note := func(of string, err error) {
		lack(of, err)
		answered = answered || err == nil
		if err != nil && missing(err) == "" && !errors.Is(err, errTooMany) {
			other = err
		}
	}
	for _, v := range w.views() {
		for _, i := range v.Endpoint.Instances {
			read := v.of(i)
			for _, err := range []error{read.Description.Err, read.Ways.Err, read.Rules.Err, read.Namespaces.Err} {
				note(i.Name, err)
			}
			for _, a := range read.Repositories {
				note(i.Name, a.Err)
			}
		}
		note(v.Name, w.Zones[v.Name].Err)
	}
	var all []checks.Finding
	for _, right := range slices.Sorted(maps.Keys(lacks)) {
		all = append(all, find(checks.Failed, right, "the right is missing, asked for "+strings.Join(lacks[right], ", "),
			"allow it in the RAM policy of these credentials: docs/cloud.md has one to copy"))
	}
	var told []string
	for _, right := range slices.Sorted(maps.Keys(lacks)) {
		for _, next := range after[right] {
			if lacks[next] == nil && !slices.Contains(told, next) {
				told = append(told, next)
				all = append(all, find(checks.Unknown, next, "not tried: "+right+" comes before it", "allow both"))
			}
		}
	}
	kind := alibaba.KindOf(other)
	switch {
	case other != nil && (kind == alibaba.Unauthenticated || kind == alibaba.Expired):
		all = append(all, find(checks.Failed, "", "the cloud doesn't take these credentials: "+other.Error(), "give the AccessKey of a RAM user that is enabled, or a token that hasn't ended"))
	case errors.Is(other, alibaba.ErrNoTime):
		f := find(checks.Unknown, "", "not every call was made: "+other.Error(), moreTime)
		f.Late = true
		all = append(all, f)
	case other != nil:
		all = append(all, find(checks.Unknown, "", "not every call was answered: "+other.Error(), "run this again; if it stays so, the error tells what to look at"))
	case len(all) == 0 && answered:
		all = append(all, ok("", "every call was answered"))
	}
	if w.Config.PrivateZone.WriteBack {
		all = append(all, find(checks.Unknown, "privateZone.writeBack",
			fmt.Sprintf("the controller's credentials need %s, too: that can't be tried without writing", strings.Join(written, ", ")),
			"compare the RAM policy of the controller's credentials with docs/writeback.md"))
	}
	if len(w.Config.PullSecrets.Mint) > 0 {
		all = append(all, find(checks.Unknown, "pullSecrets.mint",
			fmt.Sprintf("the controller's credentials need %s, too: a token of these credentials would tell nothing about one of those", strings.Join(minted, ", ")),
			"compare the RAM policy of the controller's credentials with docs/cloud.md"))
	}
	return all
}

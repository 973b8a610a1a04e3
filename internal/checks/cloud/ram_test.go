package cloud

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

func TestRAM(t *testing.T) {
	playAll(t, CodeRAM, map[string]situation{
		"every call is answered": {want: []string{"ok |  | every call was answered"}},
		"each right that is missing is named": {change: func(c *cloudOf) {
			c.errs["ReadSyncRules"] = denied("cr", "ListRepoSyncRule")
			c.errs["DescribeInstance "+a] = denied("cr", "GetInstance")
			c.errs["ReadInstance "+a] = denied("cr", "GetInstanceVpcEndpoint")
		}, want: []string{
			"failed | cr:GetInstance | the right is missing, asked for hangzhou",
			"failed | cr:GetInstanceVpcEndpoint | the right is missing, asked for hangzhou",
			"failed | cr:ListSyncRule | the right is missing, asked for hangzhou, zhangjiakou",
			"unknown | cr:ListRepository | not tried: cr:ListSyncRule comes before it",
		}},
		"so are those that couldn't be tried": {change: func(c *cloudOf) {
			c.errs["ReadZones"] = denied("pvtz", "DescribeZones")
			c.errs["ReadInstance"] = denied("cr", "ListInstanceEndpoint")
		}, want: []string{
			"failed | cr:ListInstanceEndpoint | the right is missing, asked for hangzhou, zhangjiakou",
			"failed | pvtz:DescribeZones | the right is missing, asked for cross-region.registry.io",
			"unknown | cr:GetInstanceVpcEndpoint | not tried: cr:ListInstanceEndpoint comes before it",
			"unknown | pvtz:DescribeZoneRecords | not tried: pvtz:DescribeZones comes before it",
		}},
		"a right to list repositories": {change: func(c *cloudOf) {
			c.rules[b] = nil
			c.errs["ReadRepositories"] = denied("cr", "ListRepository")
		}, want: []string{"failed | cr:ListRepository | the right is missing, asked for zhangjiakou"}},
		"wrong credentials": {change: func(c *cloudOf) {
			refused := &alibaba.Error{Service: "cr", Action: "GetInstance", Kind: alibaba.Unauthenticated, Code: "InvalidAccessKeyId.NotFound"}
			for _, method := range []string{"ReadZones", "ReadInstance", "DescribeInstance", "ReadSyncRules", "ReadNamespaces"} {
				c.errs[method] = refused
			}
		}, want: []string{"failed |  | the cloud doesn't take these credentials: cr GetInstance failed: InvalidAccessKeyId.NotFound; check the credentials"}},
		"the API is away": {change: func(c *cloudOf) { c.errs["ReadZones"] = errors.New("no route to host") }, want: []string{
			"unknown |  | not every call was answered: no route to host",
		}},
		"no time is left": {change: func(c *cloudOf) { c.errs["ReadZones"] = fmt.Errorf("pvtz DescribeZones: %w", alibaba.ErrNoTime) }, want: []string{
			"unknown |  | not every call was made: pvtz DescribeZones: there was no time left for the call",
		}},
		"what is needed to write isn't tried": {
			replace: []string{"source: VPCDNS", "source: API, writeBack: true", "endpoints:\n", "credentials: {provider: ECSRAMRole}\nendpoints:\n"},
			want: []string{
				"ok |  | every call was answered",
				"unknown | privateZone.writeBack | the controller's credentials need pvtz:UpdateRecordRemark, pvtz:UpdateZoneRecord, pvtz:AddZoneRecord, pvtz:DeleteZoneRecord, too: that can't be tried without writing",
			},
		},
		"what is needed to mint isn't tried": {
			replace: []string{"endpoints:\n", "credentials: {provider: ECSRAMRole}\npullSecrets: {mode: Derive, namespaces: [shop], mint: [shop]}\nendpoints:\n"},
			want: []string{
				"ok |  | every call was answered",
				"unknown | pullSecrets.mint | the controller's credentials need cr:GetAuthorizationToken, cr:PullRepository, too: a token of these credentials would tell nothing about one of those",
			},
		},
	})
}

func TestRightsToMintAreThoseOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/cloud.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, right := range minted {
		if !strings.Contains(string(page), `"`+right+`"`) {
			t.Errorf("the policy in docs/cloud.md lacks %s", right)
		}
	}
}

func TestRightsToWriteAreThoseOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/writeback.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, right := range written {
		if !strings.Contains(string(page), `"`+right+`"`) {
			t.Errorf("the policy in docs/writeback.md lacks %s", right)
		}
	}
}

func TestNoFurtherCallIsMadeThatWouldFailToo(t *testing.T) {
	c := fine()
	c.errs["DescribeInstance "+a] = errors.New("no route to host")
	c.errs["DescribeInstance "+b] = denied("cr", "GetInstance")
	Read(t.Context(), c, parsed(t), nil)
	if got := strings.Count(strings.Join(c.calls, "\n"), a); got != 1 {
		t.Errorf("%d calls of the one that can't be reached: %v", got, c.calls)
	}
	if got := strings.Count(strings.Join(c.calls, "\n"), b); got != 4 {
		t.Errorf("%d calls of the one that refuses one: %v", got, c.calls)
	}
}

func TestNoFurtherRepositoriesAreListedWhenThatWouldFailToo(t *testing.T) {
	c := fine()
	c.namespaces[b] = []string{"one", "two", "three"}
	c.errs["ReadRepositories"] = errors.New("no route to host")
	Read(t.Context(), c, parsed(t), nil)
	if got := strings.Count(strings.Join(c.calls, "\n"), "ReadRepositories"); got != 1 {
		t.Errorf("%d calls: %v", got, c.calls)
	}
}

func TestOneInstanceIsReadOnce(t *testing.T) {
	c := fine()
	cfg := parsed(t)
	second := cfg.Endpoints[0]
	second.Name = "other.registry.io"
	cfg.Endpoints = append(cfg.Endpoints, second)
	Read(t.Context(), c, cfg, nil)
	if want := 2*4 + 2; len(c.calls) != want { // 4 of each instance, and the zones of each endpoint
		t.Errorf("%d calls, want %d: %v", len(c.calls), want, c.calls)
	}
}

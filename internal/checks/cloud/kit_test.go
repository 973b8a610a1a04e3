package cloud

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

const domain = "cross-region.registry.io"

// parsed is the design's example, with replaced lines.
func parsed(t *testing.T, replace ...string) *config.Config {
	t.Helper()
	const text = `apiVersion: registry-failover.io/v1alpha1
kind: Config
cluster: {vpcID: vpc-bbbbb, region: cn-zhangjiakou}
privateZone: {source: VPCDNS}
endpoints:
- name: cross-region.registry.io
  primary: zhangjiakou
  instances:
  - name: hangzhou
    id: cri-aaaaa
    region: cn-hangzhou
    publicEndpoint: a-registry.cn-hangzhou.cr.aliyuncs.com
    internalEndpoint: a-registry-vpc.cn-hangzhou.cr.aliyuncs.com
    network: internal
    vpcID: vpc-aaaaa
    internalAddresses: [10.1.0.10]
  - name: zhangjiakou
    id: cri-bbbbb
    region: cn-zhangjiakou
    publicEndpoint: b-registry.cn-zhangjiakou.cr.aliyuncs.com
    internalEndpoint: b-registry-vpc.cn-zhangjiakou.cr.aliyuncs.com
    network: internal
    vpcID: vpc-bbbbb
    internalAddresses: [10.2.0.10]
  rewrite:
    repositories: {include: [], exclude: []}
`
	c, err := config.Parse([]byte(strings.NewReplacer(replace...).Replace(text)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// a cloudOf answers from values.
type cloudOf struct {
	zones        []alibaba.Zone
	instances    map[string]alibaba.Instance
	descriptions map[string]alibaba.Description
	rules        map[string][]alibaba.SyncRule
	namespaces   map[string][]string
	byHand       map[string][]string // namespaces without AutoCreate
	repositories map[string][]string // by namespaces
	errs         map[string]error    // by methods, or "METHOD ID"
	calls        []string
}

func (c *cloudOf) failed(method, id string) error {
	c.calls = append(c.calls, method+" "+id)
	if err := c.errs[method+" "+id]; err != nil {
		return err
	}
	return c.errs[method]
}

func (c *cloudOf) ReadZones(_ context.Context, name string) ([]alibaba.Zone, error) {
	return c.zones, c.failed("ReadZones", name)
}

func (c *cloudOf) ReadInstance(_ context.Context, id, _ string) (alibaba.Instance, error) {
	return c.instances[id], c.failed("ReadInstance", id)
}

func (c *cloudOf) DescribeInstance(_ context.Context, id, _ string) (alibaba.Description, error) {
	return c.descriptions[id], c.failed("DescribeInstance", id)
}

func (c *cloudOf) ReadSyncRules(_ context.Context, id, _ string) ([]alibaba.SyncRule, error) {
	return c.rules[id], c.failed("ReadSyncRules", id)
}

func (c *cloudOf) ReadNamespaces(_ context.Context, id, _ string) ([]alibaba.Namespace, error) {
	var all []alibaba.Namespace
	for _, name := range c.namespaces[id] {
		all = append(all, alibaba.Namespace{Name: name, AutoCreate: !slices.Contains(c.byHand[id], name)})
	}
	return all, c.failed("ReadNamespaces", id)
}

func (c *cloudOf) ReadRepositories(_ context.Context, _, _, namespace string) ([]string, error) {
	return c.repositories[namespace], c.failed("ReadRepositories", namespace)
}

const (
	a = "cri-aaaaa" // hangzhou, the standby
	b = "cri-bbbbb" // zhangjiakou, the primary
)

// fine is a cloud in which everything is as it should be.
func fine() *cloudOf {
	ways := func(id, host, vpc, addr string) alibaba.Instance {
		return alibaba.Instance{
			ID: id,
			Endpoints: []alibaba.Endpoint{
				{Type: "internet", Enabled: true, Hosts: []string{host}, Custom: []string{domain}},
				{Type: "vpc", Enabled: true, Custom: []string{domain}},
			},
			VPCs: []alibaba.LinkedVPC{{VPC: vpc, Addr: netip.MustParseAddr(addr), Running: true}},
		}
	}
	zone := func(id, vpc, addr string) alibaba.Zone {
		return alibaba.Zone{ID: id, Name: domain, VPCs: []alibaba.VPC{{ID: vpc}}, Records: []alibaba.Record{{Addr: netip.MustParseAddr(addr)}}}
	}
	return &cloudOf{
		zones: []alibaba.Zone{zone("zone-a", "vpc-aaaaa", "10.1.0.10"), zone("zone-b", "vpc-bbbbb", "10.2.0.10")},
		instances: map[string]alibaba.Instance{
			a: ways(a, "a-registry.cn-hangzhou.cr.aliyuncs.com", "vpc-aaaaa", "10.1.0.10"),
			b: ways(b, "b-registry.cn-zhangjiakou.cr.aliyuncs.com", "vpc-bbbbb", "10.2.0.10"),
		},
		descriptions: map[string]alibaba.Description{
			a: {ID: a, Edition: alibaba.Advanced, Status: "RUNNING"},
			b: {ID: b, Edition: alibaba.Advanced, Status: "RUNNING"},
		},
		rules:      map[string][]alibaba.SyncRule{a: {rule(a, b, "prod")}, b: {rule(b, a, "prod")}},
		namespaces: map[string][]string{a: {"prod"}, b: {"prod"}},
		errs:       map[string]error{},
	}
}

// rule copies all of a namespace.
func rule(from, to, namespace string) alibaba.SyncRule {
	return alibaba.SyncRule{
		ID: from + "-" + namespace, Name: from + "-" + namespace, Scope: alibaba.NamespaceScope, Automatic: true, RepoFilter: ".*", TagFilter: ".*",
		Source: alibaba.SyncPlace{Instance: from, Namespace: namespace}, Target: alibaba.SyncPlace{Instance: to, Namespace: namespace},
	}
}

// ruleOf copies one repository.
func ruleOf(from, to, namespace, repository string) alibaba.SyncRule {
	r := rule(from, to, namespace)
	r.Name += "-" + repository
	r.Scope, r.Source.Repo, r.Target.Repo, r.RepoFilter = alibaba.RepositoryScope, repository, repository, ""
	return r
}

func denied(service, action string) error {
	return &alibaba.Error{Service: service, Action: action, Kind: alibaba.Denied, Code: "NoPrivilege"}
}

// a situation is a change of a cloud in which everything is as it should be.
type situation struct {
	replace []string // in the configuration
	egress  []string
	change  func(*cloudOf)
	// want is each finding: the level, the subject, the text.
	want []string
}

// play gives the findings of one check, each as a line.
func (s situation) play(t *testing.T, code checks.Code) []string {
	t.Helper()
	c := fine()
	if s.change != nil {
		s.change(c)
	}
	o := Options{Config: parsed(t, s.replace...), Cloud: c}
	for _, text := range s.egress {
		o.Egress = append(o.Egress, netip.MustParseAddr(text))
	}
	all := All(o)
	i := slices.IndexFunc(all, func(check checks.Check) bool { return check.Code == code })
	var lines []string
	for _, f := range all[i].Run(t.Context()) {
		if (f.Remedy == "") != (f.Level == checks.OK) {
			t.Errorf("%s has the remedy %q", f.Text, f.Remedy)
		}
		if (f.Endpoint == domain) == (code == CodeRAM) {
			t.Errorf("%s is about the endpoint %q", f.Text, f.Endpoint)
		}
		lines = append(lines, strings.Join([]string{string(f.Level), f.Subject, f.Text}, " | "))
	}
	return lines
}

func playAll(t *testing.T, code checks.Code, situations map[string]situation) {
	t.Helper()
	for sentence, s := range situations {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(s.want, s.play(t, code)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

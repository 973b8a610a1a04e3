package alibaba

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPoliciesOfTheDocs holds that a policy that people copy allows the calls that are
// made, and nothing else: with less something is refused, and more nobody should give away.
func TestPoliciesOfTheDocs(t *testing.T) {
	const id, region = "cri-bbbbb", "cn-zhangjiakou"
	errOf := func(_ any, err error) error { return err }
	controller := func(c *Client) []error {
		return []error{errOf(c.ReadZones(t.Context(), "cross-region.registry.io")), errOf(c.ReadInstance(t.Context(), id, region))}
	}
	for sentence, test := range map[string]struct {
		page, section string
		make          func(*Client) []error
	}{
		"those of the controller that reads": {"cloud.md", "## Credentials", controller},
		"those of check --pre": {"cloud.md", "## What `check --pre` reads", func(c *Client) []error {
			return append(controller(c), errOf(c.DescribeInstance(t.Context(), id, region)), errOf(c.ReadSyncRules(t.Context(), id, region)),
				errOf(c.ReadNamespaces(t.Context(), id, region)), errOf(c.ReadRepositories(t.Context(), id, region, "prod")))
		}},
		"those of setup that change something": {"setup.md", "## Rights", func(c *Client) []error {
			return []error{
				c.Carry(t.Context(), EnablePublicAccess(id, region)),
				c.Carry(t.Context(), AdmitAddresses(id, region, netip.MustParsePrefix("192.0.2.7/32"), "test")),
				c.Carry(t.Context(), LinkVPC(id, region, "vpc-other", "vsw-1")),
				c.Carry(t.Context(), SyncNamespace(id, region, "cri-aaaaa", "cn-hangzhou", "prod")),
			}
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, twoRegions(t), validKey)
			for _, err := range test.make(w.client) {
				if err != nil && strings.HasPrefix(test.page, "cloud") { // a change may be there already
					t.Error(err)
				}
			}
			needed := map[string]bool{}
			for _, call := range w.Calls() {
				needed[Right(map[string]string{"2018-12-01": "cr", "2018-01-01": "pvtz"}[call.Query["Version"]], call.Action)] = true
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(needed)), allowed(t, test.page, test.section)); diff != "" {
				t.Errorf("docs/%s %q allows other actions than are called (-called +allowed):\n%s", test.page, test.section, diff)
			}
		})
	}
}

// allowed are the actions of the first policy in a section of a page.
func allowed(t *testing.T, page, section string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n"+section+"\n")
	_, rest, _ = strings.Cut(rest, "```json\n")
	body, _, found := strings.Cut(rest, "```")
	var policy struct {
		Version   string
		Statement []struct {
			Effect           string
			Action, Resource any // one, or a list
		}
	}
	if err := json.Unmarshal([]byte(body), &policy); err != nil || !found || policy.Version != "1" {
		t.Fatalf("docs/%s has no policy below %q that RAM could read: %v", page, section, err)
	}
	var actions []string
	for _, s := range policy.Statement {
		if s.Effect != "Allow" || s.Resource == nil {
			t.Errorf("docs/%s has a statement that allows nothing: %+v", page, s)
		}
		switch a := s.Action.(type) {
		case string:
			actions = append(actions, a)
		case []any:
			for _, one := range a {
				actions = append(actions, one.(string))
			}
		}
	}
	slices.Sort(actions)
	return actions
}

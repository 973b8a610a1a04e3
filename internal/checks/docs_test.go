package checks_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/internal/checks/cloud"
	"github.com/registry-failover/registry-failover/internal/checks/cluster"
	"github.com/registry-failover/registry-failover/internal/checks/network"
	"github.com/registry-failover/registry-failover/internal/checks/pullsecrets"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// every is all checks that there are.
func every() []checks.Check {
	return slices.Concat(
		network.All(network.Options{Config: &config.Config{}}),
		cloud.All(cloud.Options{Config: &config.Config{}}),
		cluster.All(cluster.Options{}),
		pullsecrets.All(pullsecrets.Options{Login: true}),
	)
}

func TestEveryCodeHasItsSection(t *testing.T) {
	page, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections, codes []string
	for _, heading := range regexp.MustCompile(`(?m)^## ([A-Z][A-Z0-9-]+)$`).FindAllStringSubmatch(string(page), -1) {
		sections = append(sections, heading[1])
	}
	for _, c := range every() {
		codes = append(codes, string(c.Code))
	}
	if diff := cmp.Diff(codes, sections); diff != "" {
		t.Errorf("docs/checks.md has other sections than there are codes, or in another order (-codes +sections):\n%s", diff)
	}
}

// TestCodesStay: scripts and runbooks go by them. A code that isn't looked at any
// more stays in this list, so that nobody gives it another meaning.
func TestCodesStay(t *testing.T) {
	known := []checks.Code{
		"RESOLVES", "REACHABLE", "CERTIFICATE", "CERTIFICATE-EXPIRY", "IDENTITY", "TOKEN-REALM", "STORAGE", "CUSTOM-DOMAIN", "EDITION",
		"SYNC-RULES", "SYNC-NAMES", "SYNC-SCOPE", "VPC-LINK", "PUBLIC-ACCESS", "ZONES", "RAM", "OWN-IMAGES", "IMAGE-POLICIES", "SERIAL-PULLS",
		"PULL-SECRETS", "PULL-LOGIN",
	}
	seen := map[checks.Code]bool{}
	for _, c := range every() {
		if seen[c.Code] {
			t.Errorf("two checks have the code %s", c.Code)
		}
		seen[c.Code] = true
		if !slices.Contains(known, c.Code) {
			t.Errorf("%s is new: add it to this list, for ever", c.Code)
		}
		if want := "docs/checks.md#" + strings.ToLower(string(c.Code)); c.Code.Docs() != want {
			t.Errorf("%s is explained at %s, want %s", c.Code, c.Code.Docs(), want)
		}
	}
	for _, code := range known {
		if !seen[code] {
			t.Errorf("%s is gone, and was relied on", code)
		}
	}
}

package checks_test

import (
	"os"
	"regexp"
	"slices"
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

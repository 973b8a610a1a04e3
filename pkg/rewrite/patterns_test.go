package rewrite_test

import (
	"testing"

	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

func TestPatterns(t *testing.T) {
	tests := map[string]struct {
		include, exclude []string
		repository       string
		want             bool
	}{
		"nothing given takes everything":                    {nil, nil, "team/web", true},
		"a star stands for one element":                     {[]string{"team/*"}, nil, "team/web", true},
		"a star does not cross a slash":                     {[]string{"team/*"}, nil, "team/a/b", false},
		"two stars go deep":                                 {[]string{"team/**"}, nil, "team/a/b", true},
		"two stars want one element":                        {[]string{"team/**"}, nil, "team", false},
		"two stars alone are everything":                    {[]string{"**"}, nil, "team/a/b", true},
		"a star before two stars":                           {[]string{"*/x/**"}, nil, "team/x/b", true},
		"a pattern is a whole, not a prefix":                {[]string{"team/web"}, nil, "team/website", false},
		"exclude wins over include":                         {[]string{"team/*"}, []string{"team/web"}, "team/web", false},
		"exclude alone leaves the rest":                     {nil, []string{"team/web"}, "team/api", true},
		"one of several is enough":                          {[]string{"a/*", "b/*"}, nil, "b/x", true},
		"a dot in a later element is an ordinary one":       {[]string{"team/web.v1"}, nil, "team/web.v1", true},
		"a dot in an only element is an ordinary one":       {[]string{"web.v1"}, nil, "web.v1", true},
		"a dot in a namespace is an ordinary one":           {[]string{"my.team/*"}, nil, "my.team/web", true},
		"a character class may hold what no repository has": {[]string{"team/[!-z]*"}, nil, "team/web", true},
		"a character class is what path.Match has":          {[]string{"team/[a-c]*"}, nil, "team/web", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := rewrite.Patterns{Include: test.include, Exclude: test.exclude}
			for _, pattern := range append(test.include, test.exclude...) {
				if err := rewrite.CheckPattern(pattern); err != nil {
					t.Error(err)
				}
			}
			if got := p.Match(test.repository); got != test.want {
				t.Errorf("Match(%q) = %t", test.repository, got)
			}
		})
	}
}

func TestCheckPattern(t *testing.T) {
	tests := map[string]string{
		"":                  "the pattern is empty: write a repository path such as team/*",
		"/team/*":           `the pattern "/team/*" has an empty element: write it without a slash at its ends and without two in a row`,
		"team//*":           `the pattern "team//*" has an empty element: write it without a slash at its ends and without two in a row`,
		"**/web":            `the pattern "**/web" has ** in the wrong place: it can only be the whole last element`,
		"team/a**":          `the pattern "team/a**" has ** in the wrong place: it can only be the whole last element`,
		"team/Web":          `the pattern "team/Web" has an uppercase letter, which no repository has: write it in lowercase`,
		"Team/**":           `the pattern "Team/**" has an uppercase letter, which no repository has: write it in lowercase`,
		"team/web:1":        `the pattern "team/web:1" has a tag or a digest, which are not matched: write the repository's path alone`,
		"team/web@sha256:*": `the pattern "team/web@sha256:*" has a tag or a digest, which are not matched: write the repository's path alone`,
		"team/[a":           `the pattern "team/[a" is malformed: close its brackets, or escape them with a backslash`,
	}
	for pattern, want := range tests {
		if err := rewrite.CheckPattern(pattern); err == nil || err.Error() != want {
			t.Errorf("CheckPattern(%q) = %v, want %s", pattern, err, want)
		}
	}
}

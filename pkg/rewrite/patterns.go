package rewrite

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Patterns choose repositories by their path, without host, tag and digest.
//
// A pattern is matched element by element with the syntax of path.Match; "**"
// as its last element stands for one or more further elements. "team/*" is
// every repository of the namespace team, "team/**" also those deeper down.
type Patterns struct {
	// Include limits to what matches; empty includes everything.
	Include []string
	// Exclude wins over Include.
	Exclude []string
}

// Match says whether the repository is chosen.
func (p Patterns) Match(repository string) bool {
	if matchAny(p.Exclude, repository) {
		return false
	}
	return len(p.Include) == 0 || matchAny(p.Include, repository)
}

// CheckPattern returns an error, one sentence, for a pattern that could never match as meant.
func CheckPattern(pattern string) error {
	if pattern == "" {
		return fmt.Errorf("the pattern is empty: write a repository path such as team/*")
	}
	elements := strings.Split(pattern, "/")
	for i, element := range elements {
		if element == "" {
			return fmt.Errorf("the pattern %q has an empty element: write it without a slash at its ends and without two in a row", pattern)
		}
		if strings.Contains(element, "**") && (element != "**" || i != len(elements)-1) {
			return fmt.Errorf("the pattern %q has ** in the wrong place: it can only be the whole last element", pattern)
		}
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("the pattern %q is malformed: close its brackets, or escape them with a backslash", pattern)
	}
	return checkLiterals(pattern)
}

var class = regexp.MustCompile(`\[(\\.|[^\\\]])*\]`)

// checkLiterals looks at what stands outside of character classes, whose ranges
// may span what no repository has.
func checkLiterals(pattern string) error {
	literals := class.ReplaceAllString(pattern, "")
	switch {
	case strings.ToLower(literals) != literals:
		return fmt.Errorf("the pattern %q has an uppercase letter, which no repository has: write it in lowercase", pattern)
	case strings.ContainsAny(literals, ":@"):
		return fmt.Errorf("the pattern %q has a tag or a digest, which are not matched: write the repository's path alone", pattern)
	}
	return nil
}

func matchAny(patterns []string, repository string) bool {
	for _, pattern := range patterns {
		if match(pattern, repository) {
			return true
		}
	}
	return false
}

func match(pattern, repository string) bool {
	if prefix, deep := strings.CutSuffix(pattern, "/**"); deep {
		elements := strings.Split(repository, "/")
		n := strings.Count(prefix, "/") + 1
		return len(elements) > n && match(prefix, strings.Join(elements[:n], "/"))
	}
	if pattern == "**" {
		return true
	}
	matched, err := path.Match(pattern, repository)
	return err == nil && matched
}

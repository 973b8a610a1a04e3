package cloud

import (
	"regexp"
	"slices"

	"github.com/registry-failover/registry-failover/internal/alibaba"
)

// whole are the rules that copy all repositories of a namespace to an instance at
// each push, under their names; perhaps not all tags.
func whole(rules []alibaba.SyncRule, namespace, id string) []alibaba.SyncRule {
	return slices.DeleteFunc(to(rules, id), func(r alibaba.SyncRule) bool { return !r.Automatic || !keepsNames(r) || !takes(r, namespace, "") })
}

// within picks the rules that copy something of a namespace.
func within(rules []alibaba.SyncRule, namespace string) []alibaba.SyncRule {
	return slices.DeleteFunc(slices.Clone(rules), func(r alibaba.SyncRule) bool { return r.Source.Namespace != namespace })
}

// takes tells whether a rule is for a repository, or where that is empty for the
// whole namespace. That a filter has to match the whole name is not documented;
// here it has to, so that rather too much is told than too little.
func takes(r alibaba.SyncRule, namespace, repository string) bool {
	switch {
	case r.Source.Namespace != namespace:
		return false
	case r.Scope == alibaba.RepositoryScope:
		return r.Source.Repo == repository
	case everything(r.RepoFilter):
		return true
	}
	filter, err := regexp.Compile("^(?:" + r.RepoFilter + ")$")
	return err == nil && repository != "" && filter.MatchString(repository)
}

// foreign tells that a filter is written in a way that can't be judged here, such
// as with a lookahead: which syntax ACR takes is not documented.
func foreign(filter string) bool {
	_, err := regexp.Compile(filter)
	return err != nil
}

// everything knows the ways in which people write a filter that filters nothing.
func everything(filter string) bool {
	return slices.Contains([]string{"", ".*", "^.*$", "^.*", ".*$", ".+", "^.+$"}, filter)
}

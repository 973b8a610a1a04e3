package pullsecrets

import "strings"

// Covering gives the credentials that kubelet takes for a repository such as
// demo/web: their path, where they have one, is what it begins with.
func Covering(credentials []Credential, repository string) []Credential {
	var covering []Credential
	for _, c := range credentials {
		if _, path, _ := strings.Cut(c.Registry, "/"); strings.HasPrefix(repository, path) {
			covering = append(covering, c)
		}
	}
	return covering
}

// For gives the credential that kubelet tries first at one of the hosts, which stand
// for the same accounts: that with the longest path, and the first host's before the
// second's.
func For(credentials []Credential, hosts ...string) (best Credential, found bool) {
	longest := ""
	for prefix, c := range entriesFor(credentials, hosts...) {
		if !found || len(prefix) > len(longest) || len(prefix) == len(longest) && prefix < longest {
			best, longest, found = c, prefix, true
		}
	}
	return best, found
}

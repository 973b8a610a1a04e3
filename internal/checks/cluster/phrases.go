package cluster

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// phrases are all strings of an object and its maps' keys, but those of its head,
// metadata and status.
func phrases(o *unstructured.Unstructured) []phrase {
	var found []phrase
	for key, value := range o.Object {
		switch key {
		case "apiVersion", "kind", "metadata", "status":
		default:
			collect(value, key, &found)
		}
	}
	return found
}

// prefixes is the field in which Gatekeeper's K8sAllowedRepos and ACK's
// ACKAllowedRepos list what a reference must begin with:
// https://open-policy-agent.github.io/gatekeeper-library/website/validation/allowedrepos
const prefixes = "repos"

func collect(value any, field string, found *[]phrase) {
	switch v := value.(type) {
	case string:
		*found = append(*found, newPhrase(v, field == prefixes))
	case []any:
		for _, item := range v {
			collect(item, field, found)
		}
	case map[string]any:
		for key, item := range v {
			*found = append(*found, newPhrase(key, false))
			collect(item, key, found)
		}
	}
}

// anyNames tells whether one of the phrases names a host.
func anyNames(all []phrase, host string) bool {
	for _, p := range all {
		if p.names(host) {
			return true
		}
	}
	return false
}

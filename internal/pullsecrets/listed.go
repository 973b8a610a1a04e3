package pullsecrets

import (
	"slices"
	"strings"
)

// MaxListed is how many Secrets a pod may list for anything to be done about them:
// whoever may create pods must not keep the webhook busy with lists of thousands.
const MaxListed = 200

// distinct are the names that Secrets can have, each once: the API server takes a
// pod that lists one twice, or by a name that is empty or none at all.
func distinct(listed []string) []string {
	secrets := make([]string, 0, min(len(listed), MaxListed))
	for _, name := range listed[:min(len(listed), MaxListed)] {
		if IsSecretName(name) && !slices.Contains(secrets, name) {
			secrets = append(secrets, name)
		}
	}
	return secrets
}

// IsSecretName tells whether the API server takes a Secret of the name: a DNS name,
// of which a label may be longer than 63 characters (DNS subdomain names in
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/, as
// k8s.io/apimachinery 0.37 checks them).
func IsSecretName(name string) bool {
	if len(name) > maxName {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, inNoSecretName) {
			return false
		}
	}
	return true
}

func inNoSecretName(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' }

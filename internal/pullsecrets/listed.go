package pullsecrets

import (
	"slices"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// MaxListed is how many Secrets a pod may list for anything to be done about them:
// whoever may create pods must not keep the webhook busy with lists of thousands.
const MaxListed = 200

// distinct are the names that Secrets can have, each once: the API server takes a
// pod that lists one twice, or by a name that is empty or none at all.
func distinct(listed []string) []string {
	secrets := make([]string, 0, min(len(listed), MaxListed))
	for _, name := range listed[:min(len(listed), MaxListed)] {
		if zone.IsDNSName(name) && !slices.Contains(secrets, name) {
			secrets = append(secrets, name)
		}
	}
	return secrets
}

package pullsecrets

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// maxName is how long a Secret's name may be (RFC 1123, as Kubernetes has it).
const maxName = 253

// hashedTail ends the name of a companion whose parts don't fit into a name.
const hashedTail = ".companion.registry-failover.io"

// mintedFor stands in a minted Secret's name where a companion has its original's.
const mintedFor = "registry-failover-minted"

// CompanionName names the companion of a Secret for an instance of an endpoint:
// SECRET.INSTANCE.ENDPOINT. Where that is too long it is as much of SECRET as
// fits, a hash of the whole, and .companion.registry-failover.io.
func CompanionName(secret, endpoint, instance string) string {
	name := secret + "." + instance + "." + endpoint
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	tail := "." + hex.EncodeToString(sum[:8]) + hashedTail
	return strings.TrimRight(secret[:min(len(secret), maxName-len(tail))], ".-") + tail
}

// MintedName names the Secret with a minted token of an instance.
func MintedName(endpoint, instance string) string {
	return CompanionName(mintedFor, endpoint, instance)
}

// IsCompanion tells by a name alone that it is a companion's or a minted Secret's:
// those have no companions.
func IsCompanion(endpoints []config.Endpoint, name string) bool {
	if strings.HasSuffix(name, hashedTail) {
		return true
	}
	for _, e := range endpoints {
		rest, ok := strings.CutSuffix(name, "."+e.Name)
		if !ok {
			continue
		}
		for _, i := range e.Instances {
			if strings.HasSuffix(rest, "."+i.Name) {
				return true
			}
		}
	}
	return false
}

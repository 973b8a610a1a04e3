package registryread

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"regexp"
	"strings"
)

// digestForm takes what Kubernetes and container runtimes do
// (https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests).
var digestForm = regexp.MustCompile(`^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)

func isDigest(text string) bool { return digestForm.MatchString(text) }

// hashOf is what a digest was made with.
func hashOf(digest string) hash.Hash {
	if strings.HasPrefix(digest, "sha512:") {
		return sha512.New()
	}
	return sha256.New()
}

// has tells whether what was hashed has the digest.
func has(h hash.Hash, digest string) bool {
	_, want, _ := strings.Cut(digest, ":")
	return hex.EncodeToString(h.Sum(nil)) == want
}

// textHas tells whether a text has the digest.
func textHas(text []byte, digest string) bool {
	h := hashOf(digest)
	h.Write(text)
	return has(h, digest)
}

// digestOf is a text's own.
func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

package rewrite

import "strings"

// plainPath returns the repository's path of a reference of the common form
//
//	host[:port]/component[/component…][:tag][@sha256:hex]
//
// where the reference is no longer than 255 bytes, the host is a DNS name with
// a dot, in lowercase, and not Docker Hub's, whose paths have a default part.
// It says whether it is one. Such a reference is one by the grammar of
// github.com/distribution/reference too; what isn't may still be, so that the
// library, which is 20 times as slow, has the last word.
func plainPath(image string) (path string, plain bool) {
	host, rest, _ := strings.Cut(image, "/")
	if len(image) > 255 || !plainHost(host) {
		return "", false
	}
	rest, digest, hasDigest := strings.Cut(rest, "@")
	if hasDigest && !plainDigest(digest) {
		return "", false
	}
	path, tag, hasTag := strings.Cut(rest, ":")
	if hasTag && !plainTag(tag) {
		return "", false
	}
	for component := range strings.SplitSeq(path, "/") {
		if !plainComponent(component) {
			return "", false
		}
	}
	return path, true
}

func plainHost(host string) bool {
	host, port, hasPort := strings.Cut(host, ":")
	if hasPort && (port == "" || !all(port, digit)) {
		return false
	}
	if !strings.Contains(host, ".") || strings.HasSuffix(host, "docker.io") {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || !all(label, lowerDigitOr("-")) {
			return false
		}
	}
	return true
}

// plainComponent takes words of letters and digits, with one dot, one
// underscore or hyphens between two.
func plainComponent(component string) bool {
	if component == "" || !all(component, lowerDigitOr("._-")) {
		return false
	}
	separated := true // as if a separator stood in front
	for i := range len(component) {
		switch c := component[i]; {
		case lower(c) || digit(c):
			separated = false
		case separated && (c != '-' || i == 0 || component[i-1] != '-'):
			return false
		default:
			separated = true
		}
	}
	return !separated
}

func plainTag(tag string) bool {
	return tag != "" && len(tag) <= 128 && tag[0] != '.' && tag[0] != '-' &&
		all(tag, func(c byte) bool {
			return lower(c) || digit(c) || 'A' <= c && c <= 'Z' || c == '_' || c == '.' || c == '-'
		})
}

func plainDigest(digest string) bool {
	hex, isSHA256 := strings.CutPrefix(digest, "sha256:")
	return isSHA256 && len(hex) == 64 && all(hex, func(c byte) bool { return digit(c) || 'a' <= c && c <= 'f' })
}

func lower(c byte) bool { return 'a' <= c && c <= 'z' }
func digit(c byte) bool { return '0' <= c && c <= '9' }

func lowerDigitOr(others string) func(byte) bool {
	return func(c byte) bool { return lower(c) || digit(c) || strings.IndexByte(others, c) >= 0 }
}

func all(text string, is func(byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}

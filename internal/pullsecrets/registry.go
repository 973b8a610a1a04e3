package pullsecrets

import (
	"net/url"
	"strings"
)

// normalize turns a key such as https://host/v1/ into host, and keeps other
// paths. It isn't ok where no image can fit.
func normalize(key string) (registry string, ok bool) {
	if !strings.HasPrefix(key, "https://") && !strings.HasPrefix(key, "http://") {
		key = "https://" + key
	}
	parsed, err := url.Parse(key)
	if err != nil {
		return "", false
	}
	path := parsed.Path
	if hasVersion(path) {
		path = path[len("/v1"):]
	}
	if path == "/" {
		path = ""
	}
	// Kubelet reads what it has got so far as a URL once more when it compares it with an image.
	if parsed, err = url.Parse("https://" + parsed.Host + path); err != nil || parsed.Host == "" {
		return "", false
	}
	return parsed.Host + parsed.Path, !strings.ContainsFunc(parsed.Path, inNoRepository)
}

// denormalize gives a key that normalize turns into the host with the path.
func denormalize(host, path string) (key string) {
	if hasVersion(path) {
		return host + "/v1" + path
	}
	return host + path
}

// hasVersion tells whether a path begins as that of a registry's API, which
// kubelet takes off a key, once.
func hasVersion(path string) bool {
	return strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v2/")
}

// inNoRepository are the characters that no repository's path has, so that a
// credential for such a path is none for any image. In a companion they would
// have to be escaped, twice.
func inNoRepository(c rune) bool {
	return (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("/._-", c)
}

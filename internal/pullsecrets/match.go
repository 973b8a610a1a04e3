package pullsecrets

import (
	"net"
	"path"
	"strings"
)

// covers tells whether kubelet takes the credential for images of a host, which
// is host[:port], and for which paths: empty for all, else a prefix of the
// repository with a slash before it.
func (c Credential) covers(host string) (prefix string, ok bool) {
	pattern, prefix, found := strings.Cut(c.Registry, "/")
	if found {
		prefix = "/" + prefix
	}
	patternLabels, patternPort := split(pattern)
	labels, port := split(host)
	if patternPort != port || len(patternLabels) != len(labels) {
		return "", false
	}
	for i, label := range labels {
		// A pattern that is none matches nothing, as for kubelet.
		if matched, err := path.Match(patternLabels[i], label); err != nil || !matched {
			return "", false
		}
	}
	return prefix, true
}

func split(host string) (labels []string, port string) {
	if name, p, err := net.SplitHostPort(host); err == nil {
		host, port = name, p
	}
	return strings.Split(host, "."), port
}

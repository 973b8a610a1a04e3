package detours

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// These find single settings; whatever else stands in a file doesn't matter.
var (
	configPath = regexp.MustCompile(`(?m)^[ \t]*config_path[ \t]*=[ \t]*["']([^"'\n]*)["']`)
	server     = regexp.MustCompile(`(?m)^[ \t]*server[ \t]*=[ \t]*["']([^"'\n]+)["']`)
	host       = regexp.MustCompile(`(?m)^[ \t]*\[[ \t]*host[ \t]*\.[ \t]*["']([^"'\n]+)["'][ \t]*\]`)
)

// registryRoots are the directories below /etc that containerd's configuration
// names with config_path; where it doesn't mention it, containerd's default.
func registryRoots(etc fs.FS) []string {
	files := []string{"containerd/config.toml"}
	imported, _ := fs.Glob(etc, "containerd/conf.d/*.toml")
	var roots []string
	mentioned := false
	for _, file := range append(files, imported...) {
		for _, setting := range configPath.FindAllSubmatch(read(etc, file), -1) {
			mentioned = true
			for root := range strings.SplitSeq(string(setting[1]), ":") {
				if below, ok := strings.CutPrefix(path.Clean(root), "/etc/"); ok {
					roots = append(roots, below)
				}
			}
		}
	}
	if !mentioned {
		roots = []string{"containerd/certs.d", "docker/certs.d"}
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}

// hostsTOML looks where containerd does: in the directory of the endpoint, and
// only where there is none in _default.
func hostsTOML(etc fs.FS, root, endpoint string) []Detour {
	dir := path.Join(root, endpoint)
	if info, err := fs.Stat(etc, dir); err != nil || !info.IsDir() {
		dir = path.Join(root, "_default")
	}
	file := path.Join(dir, "hosts.toml")
	content := read(etc, file)
	var others []string
	for _, setting := range slices.Concat(server.FindAllSubmatch(content, -1), host.FindAllSubmatch(content, -1)) {
		if other := withoutUser(string(setting[1])); hostname(other) != endpoint && !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []Detour{{HostsTOML, fmt.Sprintf("containerd asks %s for %s, as /etc/%s says: pulls don't go by the hosts file there",
		strings.Join(others, ", "), endpoint, file)}}
}

// hostname is that of a URL or of a host, lowercase and without port 443.
func hostname(text string) string {
	if _, after, found := strings.Cut(text, "://"); found {
		text = after
	}
	text, _, _ = strings.Cut(text, "/")
	return strings.TrimSuffix(strings.ToLower(text), ":443")
}

// withoutUser leaves out what may be a password.
func withoutUser(url string) string {
	scheme, rest, found := strings.Cut(url, "://")
	if !found {
		return url
	}
	authority, more, _ := strings.Cut(rest, "/")
	return scheme + "://" + authority[strings.LastIndexByte(authority, '@')+1:] + strings.TrimSuffix("/"+more, "/")
}

package detours

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// environment is what systemd gives containerd, as far as files below /etc say.
type environment map[string]setting

type setting struct{ value, file string }

// readEnvironment follows systemd.exec(5): the unit, then drop-ins by name,
// whatever directory they are in. A later assignment wins, an empty one forgets
// all, and files that are named win over what the units say.
func readEnvironment(etc fs.FS) environment {
	const units = "systemd/system/"
	dropIns, _ := fs.Glob(etc, units+"containerd.service.d/*.conf")
	ofAll, _ := fs.Glob(etc, units+"service.d/*.conf")
	dropIns = append(dropIns, ofAll...)
	slices.SortStableFunc(dropIns, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	e := environment{}
	var files []string
	for _, file := range append([]string{units + "containerd.service"}, dropIns...) {
		section := ""
		for _, line := range logicalLines(read(etc, file)) {
			if strings.HasPrefix(line, "[") {
				section = line
			}
			key, value, _ := strings.Cut(line, "=")
			value = strings.TrimSpace(value)
			switch key = strings.TrimSpace(key); {
			case section != "[Service]":
			case key == "Environment" && value == "":
				clear(e)
			case key == "Environment":
				for _, word := range words(value) {
					e.assign(word, file)
				}
			case key == "EnvironmentFile" && value == "":
				files = nil
			case key == "EnvironmentFile":
				files = append(files, strings.TrimPrefix(value, "-"))
			}
		}
	}
	for _, file := range files {
		below, ok := strings.CutPrefix(path.Clean(file), "/etc/")
		if !ok {
			continue
		}
		for _, line := range logicalLines(read(etc, below)) {
			e.assign(strings.Join(words(line), " "), below)
		}
	}
	return e
}

func (e environment) assign(assignment, file string) {
	if key, value, found := strings.Cut(assignment, "="); found {
		e[strings.TrimSpace(key)] = setting{value, file}
	}
}

// get takes the name in upper case first, as Go does.
func (e environment) get(name string) setting {
	if s := e[name]; s.value != "" {
		return s
	}
	return e[strings.ToLower(name)]
}

// proxy decides as containerd does, which is written in Go.
func (e environment) proxy(endpoint string) []Detour {
	https := e.get("HTTPS_PROXY")
	config := httpproxy.Config{HTTPSProxy: https.value, NoProxy: e.get("NO_PROXY").value}
	proxy, err := config.ProxyFunc()(&url.URL{Scheme: "https", Host: endpoint})
	if err != nil || proxy == nil {
		return nil
	}
	return []Detour{{Proxy, fmt.Sprintf("containerd pulls from %s through the proxy %s of /etc/%s, where the name is resolved: add it to NO_PROXY there",
		endpoint, proxy.Host, https.file)}}
}

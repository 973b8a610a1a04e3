package detours

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Kind is what leads pulls elsewhere.
type Kind string

const (
	// HostsTOML is a hosts.toml of containerd's that names another registry.
	HostsTOML Kind = "hosts.toml"
	// Proxy is a proxy in containerd's environment.
	Proxy Kind = "proxy"
)

// Kinds are all there are.
var Kinds = []Kind{HostsTOML, Proxy}

// Detour is one that was found.
type Detour struct {
	Kind Kind
	// Text is one sentence with the file, as its path is on the node, what it does
	// and, where there is one, the remedy. It has no credentials.
	Text string
}

// maxBytes is how much of a file is read; what is longer is passed over.
const maxBytes = 256 << 10

// In looks into the directory that is the node's /etc.
func In(dir string, endpoints []string) ([]Detour, error) {
	root, err := os.OpenRoot(dir) // a symbolic link leads to the node's files or nowhere
	if err != nil {
		return nil, fmt.Errorf("the node's /etc can't be looked into: %w", err)
	}
	defer root.Close()
	return Find(root.FS(), endpoints), nil
}

// Find looks into the node's /etc for each endpoint, in an order that stays. What
// can't be read is passed over.
func Find(etc fs.FS, endpoints []string) []Detour {
	var found []Detour
	roots := registryRoots(etc)
	environment := readEnvironment(etc)
	for _, endpoint := range slices.Sorted(slices.Values(endpoints)) {
		for _, root := range roots {
			found = append(found, hostsTOML(etc, root, endpoint)...)
		}
		found = append(found, environment.proxy(endpoint)...)
	}
	return found
}

// read returns a regular file's content, nothing for what can't be read.
func read(etc fs.FS, name string) []byte {
	info, err := fs.Stat(etc, name)
	if err != nil || !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil
	}
	file, err := etc.Open(name)
	if err != nil {
		return nil
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil || len(content) > maxBytes {
		return nil
	}
	return content
}

package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/registry-failover/registry-failover/internal/podimages"
)

// Pod is a pod or pod template in a manifest.
type Pod struct {
	podimages.Pod
	// Object is what it belongs to, Kind/name or Kind/namespace/name: the
	// nearest object around it, such as an item of a list. A generated name
	// ends with a star; what isn't given is left out.
	Object string
	// Path is where its mapping is, from the top of the document; empty at the top.
	Path string
}

// FieldPath is the path of one of the pod's fields from the top of the document.
func (p Pod) FieldPath(f podimages.Field) string {
	if p.Path == "" {
		return f.Path()
	}
	return p.Path + "." + f.Path()
}

// walker goes through one document.
type walker struct {
	found *Manifest
	path  []string // keys as .key or ["key"], indices as [0]
}

func (m *Manifest) walk(document map[string]any) {
	w := walker{found: m}
	kind, _ := document["kind"].(string)
	w.mapping(document, objectName(kind, document), "")
}

// mapping looks at a mapping and everything below it. Items of a typed list
// (a PodList) may lack their kind: itemKind is it.
func (w *walker) mapping(m map[string]any, object, itemKind string) {
	kind, _ := m["kind"].(string)
	version, _ := m["apiVersion"].(string)
	switch {
	case kind != "" && version != "":
		object = objectName(kind, m)
	case itemKind != "":
		object = objectName(itemKind, m)
	}
	if looksLikePod(m) {
		w.pod(m, object)
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		below, isList := strings.CutSuffix(kind, "List")
		if !isList || key != "items" {
			below = ""
		}
		w.value(keyStep(key), m[key], object, below)
	}
}

func (w *walker) value(step string, v any, object, itemKind string) {
	w.path = append(w.path, step)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	switch v := v.(type) {
	case map[string]any:
		w.mapping(v, object, itemKind)
	case []any:
		for i, element := range v {
			w.value("["+strconv.Itoa(i)+"]", element, object, itemKind)
		}
	}
}

func (w *walker) pod(m map[string]any, object string) {
	p := Pod{Object: object, Path: strings.TrimPrefix(strings.Join(w.path, ""), ".")}
	pod, err := decodePod(m)
	if err != nil {
		where := strings.Join(slices.DeleteFunc([]string{object, p.Path}, func(s string) bool { return s == "" }), ", ")
		w.found.Skipped = append(w.found.Skipped, fmt.Errorf("%s: %w", where, err))
		return
	}
	p.Pod = pod
	w.found.Pods = append(w.found.Pods, p)
}

// looksLikePod tells a pod or pod template: its spec has a list of containers.
// A list of mere names, which some custom resources have there, is none.
func looksLikePod(m map[string]any) bool {
	spec, _ := m["spec"].(map[string]any)
	containers, ok := spec["containers"].([]any)
	return ok && !slices.ContainsFunc(containers, func(c any) bool {
		_, mapping := c.(map[string]any)
		return !mapping
	})
}

func objectName(kind string, m map[string]any) string {
	metadata, _ := m["metadata"].(map[string]any)
	namespace, _ := metadata["namespace"].(string)
	name, _ := metadata["name"].(string)
	if prefix, _ := metadata["generateName"].(string); name == "" && prefix != "" {
		name = prefix + "*"
	}
	parts := slices.DeleteFunc([]string{kind, namespace, name}, func(s string) bool { return s == "" })
	return strings.Join(parts, "/")
}

// keyStep is how a key stands in a path.
func keyStep(key string) string {
	plain := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
	if plain {
		return "." + key
	}
	return "[" + strconv.Quote(key) + "]"
}

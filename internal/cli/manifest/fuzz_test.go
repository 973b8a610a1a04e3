package manifest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/registry-failover/registry-failover/internal/cli/manifest"
)

// FuzzParse holds that nothing panics, that a field is found once, and that
// its path leads to the image, for a file with one document.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "---", "...", "--- {}\n---\n- a", "%YAML 1.1\n---\na: b", "\ufeffa: b", "null", "{}{}", "{\"a\": [1]}",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: " + spec,
		"apiVersion: v1\nkind: PodList\nitems:\n- metadata: {generateName: p-}\n  spec: " + spec,
		"spec: {a.b: {spec: " + spec + "}, \"\": {spec: " + spec + "}, '\"]': {spec: " + spec + "}}",
		"spec: {containers: [{image: 1}], initContainers: {}}", "x: &a {spec: " + spec + "}\ny: [*a, [*a]]",
		"spec: {containers: [], volumes: [{image: {reference: r}}], ephemeralContainers: [{image: e}]}",
		"metadata: {labels: {a: 1}}\nspec: {containers: [null]}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := manifest.Parse(data)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is more than a line: %q", err)
			}
			return
		}
		var document any
		if strings.Contains(string(data), "---") || strings.Contains(string(data), "...") || yaml.Unmarshal(data, &document) != nil {
			document = nil // several documents, or JSON that is no YAML
		}
		seen := map[string]bool{}
		for _, p := range m.Pods {
			for _, field := range p.Spec.Fields() {
				path := p.FieldPath(field)
				if document == nil {
					continue
				}
				if seen[path] {
					t.Errorf("%s was found twice", path)
				}
				seen[path] = true
				if got := follow(document, rooted(path)); field.Image != "" && got != field.Image {
					t.Errorf("%s leads to %q, not to %q", path, got, field.Image)
				}
			}
		}
	})
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// rooted makes the first step look like the others.
func rooted(path string) string {
	if strings.HasPrefix(path, "[") {
		return path
	}
	return "." + path
}

// follow goes where a path leads and returns the text there, or why there is none.
func follow(v any, path string) string {
	for path != "" {
		switch at := v.(type) {
		case map[string]any:
			step := ""
			for key := range at {
				form := "." + key
				if !plainKey.MatchString(key) {
					form = fmt.Sprintf("[%q]", key)
				}
				rest, ok := strings.CutPrefix(path, form)
				if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
					step, v = form, at[key]
				}
			}
			if step == "" {
				return "no key for " + path
			}
			path = path[len(step):]
		case []any:
			index := 0
			if _, err := fmt.Sscanf(path, "[%d]", &index); err != nil || index >= len(at) {
				return "no index for " + path
			}
			v, path = at[index], strings.TrimPrefix(path, fmt.Sprintf("[%d]", index))
		default:
			return "nothing below for " + path
		}
	}
	text, ok := v.(string)
	if !ok {
		return fmt.Sprintf("%T", v)
	}
	return text
}

// Package configcorpus holds mistakes in a configuration, for whatever has to
// refuse what pkg/config's Parse refuses: the parser itself, and the chart.
package configcorpus

import (
	"maps"
	"strings"
)

// A Mistake is an edit of testdata/config/example.yaml: New takes the place of
// the first Old, or follows the whole where Old is empty. Want is what Parse says.
type Mistake struct{ Old, New, Want string }

// Mistakes are the corpus for the text of the example, by a sentence each.
func Mistakes(example string) map[string]Mistake {
	all := map[string]Mistake{}
	for _, some := range []map[string]Mistake{endpoints(example), files(example), hosts(example), settings(example)} {
		maps.Copy(all, some)
	}
	return all
}

// Edit returns the example with the mistake in it.
func (m Mistake) Edit(example string) string {
	if m.Old == "" {
		return example + m.New
	}
	return strings.Replace(example, m.Old, m.New, 1)
}

// secondEndpoint is the example's endpoint once more, with instances of its own.
func secondEndpoint(example string) string {
	return strings.NewReplacer("cri-aaaaa", "cri-ccccc", "cri-bbbbb", "cri-ddddd", "a-registry", "c-registry", "b-registry", "d-registry").
		Replace(from(example, "- name: cross-region"))
}

// from is the text from there on.
func from(text, there string) string {
	_, rest, _ := strings.Cut(text, there)
	return there + rest
}

package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/registry-failover/registry-failover/internal/cli/manifest"
	"github.com/registry-failover/registry-failover/internal/podimages"
	"github.com/registry-failover/registry-failover/pkg/rewrite"
)

// entry is what explain tells of one image.
type entry struct {
	Image     string         `json:"image"`
	Rewritten string         `json:"rewritten"`
	Changed   bool           `json:"changed"`
	Endpoint  string         `json:"endpoint"`
	Reason    rewrite.Reason `json:"reason"`
	// place is where the image stands in manifests; nil for an argument.
	*place
}

type place struct {
	File   string `json:"file"`
	Object string `json:"object"`
	Field  string `json:"field"`
}

func newEntry(image string, r rewrite.Result, at *place) entry {
	return entry{Image: image, Rewritten: r.Image, Changed: r.Changed(), Endpoint: r.Endpoint, Reason: r.Reason, place: at}
}

func explainImages(r *rewrite.Rewriter, images []string) []entry {
	var entries []entry
	for _, image := range images {
		entries = append(entries, newEntry(image, r.Rewrite(image), nil))
	}
	return entries
}

// explainManifests reads every file before anything is told. What looks like a
// pod and can't be one is named on stderr.
func explainManifests(r *rewrite.Rewriter, files []string, in *input, stderr io.Writer) ([]entry, error) {
	var entries []entry
	for _, file := range files {
		data, err := in.read(file, manifest.MaxBytes)
		if err != nil {
			return nil, err
		}
		m, err := manifest.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", title(file), err)
		}
		for _, skipped := range m.Skipped {
			say(stderr, fmt.Sprintf("%s: left out: %v", title(file), skipped))
		}
		for _, pod := range m.Pods {
			for _, f := range podimages.Evaluate(r, &pod.Pod) {
				entries = append(entries, newEntry(f.Field.Image, f.Result, &place{file, pod.Object, pod.FieldPath(f.Field)}))
			}
		}
	}
	if len(entries) == 0 {
		say(stderr, "the manifests hold no pod and no pod template")
	}
	return entries, nil
}

// writeJSON keeps the bytes of each image, but for those that JSON can't hold:
// what is not UTF-8 stands as U+FFFD.
func writeJSON(w io.Writer, entries []entry) error {
	if entries == nil {
		entries = []entry{} // a list, not null
	}
	return writeIndented(w, entries)
}

func writeIndented(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

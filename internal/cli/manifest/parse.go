package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// MaxBytes is how long a manifest may be.
const MaxBytes = 64 << 20

// Manifest is what a file holds.
type Manifest struct {
	// Pods are in the order of the documents, within one in the order of their paths' keys.
	Pods []Pod
	// Skipped has a sentence for each mapping that looks like a pod and can't
	// be one, because the API server would not take it.
	Skipped []error
}

// Parse reads YAML or JSON in UTF-8 with any number of documents; empty ones
// are skipped. The error is one sentence without the file's name.
func Parse(data []byte) (*Manifest, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("is longer than %d MiB: split it", MaxBytes>>20)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8 text: save it as UTF-8")
	}
	m := &Manifest{}
	number := 0
	for _, c := range split(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		documents, err := c.decode()
		if err != nil {
			return nil, fmt.Errorf("document %d can't be read: %w", number+1, err)
		}
		for _, document := range documents {
			if document == nil {
				continue
			}
			number++
			top, ok := document.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("document %d, from line %d on, is %s: a manifest is a mapping with apiVersion and kind", number, c.line, typeName(document))
			}
			m.walk(top)
		}
	}
	return m, nil
}

// decode reads a chunk: one YAML document, or any number of JSON ones.
func (c chunk) decode() ([]any, error) {
	// Not every JSON is YAML: tabs and surrogate pairs are read by a JSON decoder only.
	if documents, ok := decodeJSON(c.text); ok {
		return documents, nil
	}
	var document any
	// Of a key that stands twice the last one counts, as for kubectl.
	err := yaml.Unmarshal(c.text, &document)
	if err == nil {
		return []any{document}, nil
	}
	// The parser counts lines from the start of what it is given: give it as many as are above.
	padded := append(bytes.Repeat([]byte("\n"), c.line-1), c.text...)
	if again := yaml.Unmarshal(padded, &document); again != nil {
		err = again
	}
	return nil, errors.New(oneLine(err))
}

func decodeJSON(text []byte) (documents []any, ok bool) {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(trimmed))
	for d.More() {
		var document any
		if d.Decode(&document) != nil {
			return nil, false
		}
		documents = append(documents, document)
	}
	return documents, true
}

// oneLine takes off the names of the layers that an error of the parser came through.
func oneLine(err error) string {
	text := err.Error()
	for _, layer := range []string{"error converting YAML to JSON: ", "yaml: "} {
		text = strings.TrimPrefix(text, layer)
	}
	return strings.Join(strings.Fields(text), " ")
}

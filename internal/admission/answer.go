package admission

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

// appendAnswer appends an AdmissionReview with the response, as encoding/json
// writes the API's types, which costs 5 times as much.
func appendAnswer(b []byte, uid types.UID, d Decision) []byte {
	b = append(b, `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":`...)
	b = appendString(b, string(uid))
	b = append(b, `,"allowed":true`...)
	if d.Patch != nil {
		b = append(b, `,"patch":"`...)
		b = base64.StdEncoding.AppendEncode(b, d.Patch)
		b = append(b, `","patchType":"JSONPatch"`...)
	}
	if len(d.Audit) > 0 {
		b = appendStrings(append(b, `,"auditAnnotations":`...), d.Audit)
	}
	if len(d.Warnings) > 0 {
		b = append(b, `,"warnings":[`...)
		for i, warning := range d.Warnings {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, warning)
		}
		b = append(b, ']')
	}
	return append(b, "}}"...)
}

// appendStrings appends a JSON object whose values are strings, in the order of its keys.
func appendStrings(b []byte, values map[string]string) []byte {
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(values)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(appendString(b, key), ':'), values[key])
	}
	return append(b, '}')
}

// appendString appends a JSON string.
func appendString(b []byte, text string) []byte {
	begin, written := len(b), 0
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c > '~', c == '<', c == '>', c == '&':
			quoted, err := json.Marshal(text)
			if err != nil {
				panic(err) // a string
			}
			return append(b[:begin], quoted...)
		case c == '"', c == '\\':
			b = append(append(b, text[written:i]...), '\\')
			written = i
		}
	}
	return append(append(b, text[written:]...), '"')
}

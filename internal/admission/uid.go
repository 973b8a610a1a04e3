package admission

import (
	"bytes"
	"encoding/json"

	"k8s.io/apimachinery/pkg/types"
)

// findUID looks for request.uid in a body that can't be decoded as a whole:
// damaged further back, cut off, or too long. Empty means that there is none.
func findUID(body []byte) types.UID {
	d := json.NewDecoder(bytes.NewReader(body))
	if !enter(d, "request") || !enter(d, "uid") {
		return ""
	}
	uid, _ := d.Token()
	text, _ := uid.(string)
	return types.UID(text)
}

// enter reads into the object that comes next, up to the value of the key.
func enter(d *json.Decoder, key string) bool {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return false
		}
		if t == key {
			return true
		}
		if !skip(d) {
			return false
		}
	}
	return false
}

// skip reads over one value without building it.
func skip(d *json.Decoder) bool {
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return false
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return true
		}
	}
}

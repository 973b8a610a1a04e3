package pullsecrets

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// IndexName is the ConfigMap that the index is in: one key for each namespace. The
// webhook reads it as a mounted directory, one file for each namespace.
const IndexName = "registry-failover-pull-secrets"

// MaxIndexBytes is how long all of the index may be, keys and values: a ConfigMap has at
// most 1 MiB. Of a Secret that doesn't fit nothing is known, and all is guessed.
const MaxIndexBytes = 900 << 10

// Index is what is known of the pull secrets of each namespace.
type Index map[string]Namespace

// Namespace tells by a Secret's name what it holds; a Secret that is known and
// holds nothing for any endpoint has an empty list.
type Namespace map[string][]Holding

// Encode writes one namespace as JSON: {"pull-b":["cross-region.registry.io/zhangjiakou"],"hub":[]}.
// The same content gives the same text.
func (n Namespace) Encode() string {
	words := make(map[string][]string, len(n))
	for name, holdings := range n {
		words[name] = make([]string, len(holdings))
		for i, h := range holdings {
			words[name][i] = h.String()
		}
	}
	text, err := json.Marshal(words)
	if err != nil {
		panic(err) // strings
	}
	return string(text)
}

var errNoNamespace = errors.New("must be a JSON object from Secret to list of holdings")

// DecodeNamespace reads what Encode writes. A word that can't be read is passed
// over: a newer controller may have written it. Of the text, an error has one
// character at most.
func DecodeNamespace(text []byte) (Namespace, error) {
	var words map[string][]string
	if err := json.Unmarshal(text, &words); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("%w: %w", errNoNamespace, syntax)
		}
		return nil, errNoNamespace
	}
	n := make(Namespace, len(words))
	for _, name := range slices.Sorted(maps.Keys(words)) {
		n[name] = []Holding{}
		for _, word := range words[name] {
			if h, err := ParseHolding(word); err == nil {
				n[name] = append(n[name], h)
			}
		}
	}
	return n, nil
}

package config

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// oneOf reports a word that is none of those allowed.
func oneOf[W ~string](path *field.Path, word W, allowed ...W) field.ErrorList {
	switch {
	case slices.Contains(allowed, word):
		return nil
	case word == "":
		return field.ErrorList{field.Required(path, "write "+list(allowed))}
	}
	return field.ErrorList{field.Invalid(path, word, "must be "+list(allowed))}
}

// list is words in prose: "a", "a or b", "a, b or c".
func list[W ~string](words []W) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	last := len(texts) - 1
	if last < 1 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

func positive(path *field.Path, d Duration) field.ErrorList {
	if d.Malformed == "" && d.Duration > 0 {
		return nil
	}
	return field.ErrorList{notADuration(path, d, "5s")}
}

func notADuration(path *field.Path, d Duration, example string) *field.Error {
	text := d.Malformed
	if text == "" {
		text = d.String()
	}
	return field.Invalid(path, strings.Trim(text, `"`), "must be a duration such as "+example)
}

func atLeastOne(path *field.Path, n int) field.ErrorList {
	if n >= 1 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, n, "must be at least 1")}
}

// isLabel says whether the text is one label of a DNS name: namespaces,
// regions and our instance names are.
func isLabel(s string) bool { return zone.IsDNSName(s) && !strings.Contains(s, ".") }

// under says whether the name is the domain or below it.
func under(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// places remembers where each value stands, so that a second one can name the first.
type places map[string]string

func (p places) claim(path *field.Path, value, remedy string) field.ErrorList {
	if first, taken := p[value]; taken {
		return field.ErrorList{field.Invalid(path, value, fmt.Sprintf("stands at %s already: %s", first, remedy))}
	}
	p[value] = path.String()
	return nil
}

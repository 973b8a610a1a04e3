package drill

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// few keeps the first details, each short enough.
func few(details []string) []string {
	kept := []string{}
	for n, d := range details {
		if n == MaxDetails-1 && len(details) > MaxDetails {
			return append(kept, fmt.Sprintf("and %d more", len(details)-n))
		}
		kept = append(kept, cut(d))
	}
	return kept
}

// cut puts a text on one line of at most maxText bytes, and of valid UTF-8.
func cut(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	if len(text) <= maxText {
		return text
	}
	end := maxText - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

func several(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

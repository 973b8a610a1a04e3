package admission

import "unicode/utf8"

const (
	// foreignBytes is how much of one field of a request is shown.
	foreignBytes = 64
	// warningBytes is how long a warning about a request may be: the API server
	// may cut off longer ones.
	warningBytes = 256
)

// clip cuts a text off between two characters. A request may have 7 MiB of it.
func clip(text string, limit int) string {
	const more = "…"
	if len(text) <= limit {
		return text
	}
	cut := limit - len(more)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + more
}

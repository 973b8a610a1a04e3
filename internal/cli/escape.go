package cli

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape writes what a terminal could take for a command, or what can't be
// seen, as Go does: \x1b, \u202e. Everything else stays.
func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if piece := s[i : i+size]; unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			b.WriteString(piece)
		} else {
			b.WriteString(strings.Trim(strconv.Quote(piece), `"`))
		}
		i += size
	}
	return b.String()
}

// visible is a text that can be read off a terminal: quoted where it is empty,
// has blanks at its ends or needs escapes.
func visible(s string) string {
	if s == "" || strings.TrimSpace(s) != s || escape(s) != s {
		return strconv.Quote(s)
	}
	return s
}

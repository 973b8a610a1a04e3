package config

import "strings"

// documents counts the YAML documents that hold more than comments; the decoder
// would read the first and ignore the others. Lines are enough to tell, because
// no scalar may hold a line that begins with a document marker (YAML 1.1, c-forbidden).
func documents(text string) int {
	n, within := 0, false
	for line := range strings.FieldsFuncSeq(text, isLineBreak) {
		if marker, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " "); marker == "---" || marker == "..." {
			within, line = false, rest
		}
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '%' { // a directive such as %YAML is before its document
			continue
		}
		if !within {
			n, within = n+1, true
		}
	}
	return n
}

// isLineBreak knows those of YAML 1.1, which are more than those of Go.
func isLineBreak(r rune) bool { return strings.ContainsRune("\n\r\u0085\u2028\u2029", r) }

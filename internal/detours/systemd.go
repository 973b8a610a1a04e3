package detours

import "strings"

// logicalLines joins what a backslash at the end of a line continues, and leaves
// out comments and empty lines.
func logicalLines(content []byte) []string {
	var lines []string
	joined := ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		if before, continued := strings.CutSuffix(line, `\`); continued {
			joined += before + " "
			continue
		}
		if joined += line; joined != "" {
			lines = append(lines, joined)
		}
		joined = ""
	}
	return lines
}

// words splits at blanks, but not within quotes, which go.
func words(text string) []string {
	var all []string
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inWord {
				all = append(all, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		all = append(all, word.String())
	}
	return all
}

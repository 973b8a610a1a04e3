package health

import "strings"

// A challenge is one of WWW-Authenticate, by RFC 9110 section 11.6.1. Scheme and
// the names of parameters are in lowercase.
type challenge struct {
	scheme string
	params map[string]string
}

// parseChallenges reads the field's values as far as they follow the grammar: what
// comes after a mistake is left out. A parameter that is there twice has its first value.
func parseChallenges(values []string) []challenge {
	var all []challenge
	for _, value := range values {
		all = append(all, parseField(value)...)
	}
	return all
}

// parseField reads one list of challenges. Commas part challenges and parameters
// alike: a token with = behind it is a parameter, any other is the next scheme.
func parseField(rest string) []challenge {
	var all []challenge
	for {
		rest = strings.TrimLeft(rest, " \t,")
		word, after := cutToken(rest)
		if word == "" {
			return all
		}
		if value, isParam := strings.CutPrefix(strings.TrimLeft(after, " \t"), "="); isParam {
			text, end, ok := cutValue(strings.TrimLeft(value, " \t"))
			if !ok || len(all) == 0 || !endsElement(end) {
				return all
			}
			params := all[len(all)-1].params
			if name := strings.ToLower(word); params[name] == "" {
				params[name] = text
			}
			rest = end
			continue
		}
		all = append(all, challenge{strings.ToLower(word), map[string]string{}})
		switch {
		case strings.HasPrefix(after, " "):
			rest = skipToken68(after)
		case endsElement(after):
			rest = after
		default:
			return all
		}
	}
}

// skipToken68 passes over what a scheme may have in place of parameters.
func skipToken68(text string) string {
	trimmed := strings.TrimLeft(text, " ")
	end := strings.TrimLeft(trimmed, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/")
	if len(end) == len(trimmed) {
		return text
	}
	if end = strings.TrimLeft(end, "="); endsElement(end) {
		return end
	}
	return text
}

// endsElement says whether a list's element is over where the text begins.
func endsElement(text string) bool {
	text = strings.TrimLeft(text, " \t")
	return text == "" || text[0] == ','
}

// cutToken cuts a token (RFC 9110 section 5.6.2) off the text's beginning.
func cutToken(text string) (token, rest string) {
	n := 0
	for n < len(text) && isTokenChar(text[n]) {
		n++
	}
	return text[:n], text[n:]
}

func isTokenChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// cutValue cuts a token or a quoted string (section 5.6.4) off the text's beginning.
func cutValue(text string) (value, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		value, rest = cutToken(text)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

package cluster

import (
	"regexp"
	"strings"
)

// nobody is a host that no configuration names: a pattern that matches it is
// about all hosts, such as the "*" of a rule's API groups, and names none.
const nobody = "nobody.invalid"

// A phrase is a string of a policy, as it is searched for hosts: in lowercase,
// without what escapes a dot in a regular expression.
type phrase struct {
	plain    string
	patterns []pattern
}

// A pattern is a word of a phrase that may stand for hosts.
type pattern struct {
	expression *regexp.Regexp
	// behind is what follows a host in the text that the expression is for.
	behind string
}

// newPhrase reads a string that holds references, globs, regular expressions, or
// code with all of them. Prefix says that it stands for all that begins with it.
func newPhrase(text string, prefix bool) phrase {
	p := phrase{plain: unescape(strings.ToLower(text))}
	if prefix {
		p.addGlob(strings.ToLower(text) + "*")
	}
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \t\r\n\"'`", c) }) {
		if strings.ContainsAny(word, `\^$[({+|`) || strings.Contains(word, ".*") {
			p.add("(?i)"+strings.ReplaceAll(word, `\\`, `\`), "/image:tag")
		}
		for _, piece := range strings.FieldsFunc(word, func(c rune) bool { return strings.ContainsRune(",;|()[]{}<>=&!", c) }) {
			p.addGlob(strings.ToLower(piece))
		}
	}
	return p
}

// addGlob takes a piece with wildcards in the place of a host: * for any
// characters, ? for one.
func (p *phrase) addGlob(piece string) {
	if _, rest, found := strings.Cut(piece, "://"); found {
		piece = rest
	}
	piece, _, hasPath := strings.Cut(piece, "/")
	if !strings.ContainsAny(piece, "*?") {
		return
	}
	expression := "^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(piece)) + "$"
	p.add(expression, "")
	if !hasPath { // then the wildcards are for the repository and the tag, too
		p.add(expression, "/image:tag")
	}
}

// longest is more than any pattern of hosts that a person writes.
const longest = 2000

func (p *phrase) add(expression, behind string) {
	if len(expression) > longest {
		return
	}
	compiled, err := regexp.Compile(expression)
	if err != nil { // a piece of code
		return
	}
	if n := (pattern{compiled, behind}); !n.matches(nobody) {
		p.patterns = append(p.patterns, n)
	}
}

// matches wants four characters of the host at least: [a-z] in a piece of code says nothing of it.
func (p pattern) matches(host string) bool {
	at := p.expression.FindStringIndex(host + p.behind)
	return at != nil && min(at[1], len(host))-at[0] >= 4
}

// names tells whether the phrase names a host, host or host:port in lowercase: as
// it is, or by a pattern that isn't for all hosts.
func (p phrase) names(host string) bool {
	if standsIn(p.plain, host) {
		return true
	}
	for _, n := range p.patterns {
		if n.matches(host) {
			return true
		}
	}
	return false
}

// standsIn tells whether a host stands in a text as a host: neither as a part of a
// longer one, nor before a port, which makes it another one.
func standsIn(text, host string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], host)
		if at < 0 {
			return false
		}
		begin := from + at
		end := begin + len(host)
		if (begin == 0 || !ofHost(text[begin-1])) && endsAt(text[end:]) {
			return true
		}
		from = begin + 1
	}
}

func endsAt(rest string) bool {
	switch {
	case rest == "":
		return true
	case rest[0] == '.': // at the end of a sentence, or of a regular expression's ".*"
		return len(rest) == 1 || !ofHost(rest[1])
	case rest[0] == ':':
		return len(rest) == 1 || rest[1] < '0' || rest[1] > '9'
	}
	return !ofHost(rest[0])
}

func ofHost(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-'
}

// unescape writes \. and [.] as a dot, however often code around it has escaped
// the backslash. A letter behind a backslash, such as \b, is none of a host.
func unescape(text string) string {
	text = strings.ReplaceAll(text, "[.]", ".")
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			b.WriteByte(text[i])
			continue
		}
		for i+1 < len(text) && text[i+1] == '\\' {
			i++
		}
		if i+1 < len(text) && text[i+1] >= 'a' && text[i+1] <= 'z' {
			b.WriteByte(' ')
			i++
		}
	}
	return b.String()
}

package corefile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coredns/caddy/caddyfile"
)

// A Block is a server block of a Corefile, or a snippet.
type Block struct {
	// Keys are what it is for, as written: zones such as "example.org:53", or the
	// snippet's name in parentheses.
	Keys []string
	// Directives are the plugins with their arguments, each in one line.
	Directives []string
}

// Parse reads the blocks of a Corefile as CoreDNS does, but follows no import and
// replaces no variable. An error names the line.
func Parse(text string) ([]Block, error) {
	words := caddyfile.NewDispenser("Corefile", strings.NewReader(text))
	var blocks []Block
	var open []int // the lines of the braces that are open
	var block Block
	last := 0 // the line of the word before
	for words.Next() {
		word, line := words.Val(), words.Line()
		ended := len(open) == 0 && len(block.Keys) > 0 && line > last && !strings.HasSuffix(block.Keys[len(block.Keys)-1], ",")
		if ended && block.Keys[0] == "import" {
			block, ended = Block{}, false
		}
		switch {
		case word == "{" && len(open) == 0 && len(block.Keys) == 0:
			return nil, fmt.Errorf("the { in line %d stands behind no zone", line)
		case word == "{":
			if open = append(open, line); len(open) > 1 {
				block.extend(word)
			}
		case ended:
			return nil, fmt.Errorf("the server block %s before line %d has no braces: put { behind it and } at its end", strings.Join(block.Keys, " "), line)
		case word == "}" && len(open) == 0:
			return nil, fmt.Errorf("the } in line %d has no {", line)
		case word == "}":
			if open = open[:len(open)-1]; len(open) > 0 {
				block.extend(word)
				break
			}
			blocks, block = append(blocks, block), Block{}
		case len(open) == 0:
			block.Keys = append(block.Keys, word)
		case len(open) == 1 && line > last:
			block.Directives = append(block.Directives, word)
		default:
			block.extend(word)
		}
		last = line
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("the { in line %d has no }", open[len(open)-1])
	}
	if len(block.Keys) > 0 && block.Keys[0] != "import" {
		return nil, fmt.Errorf("the server block %s has no braces: put { behind it and } at its end", strings.Join(block.Keys, " "))
	}
	return blocks, nil
}

// extend adds a word to the last directive.
func (b *Block) extend(word string) {
	if len(b.Directives) == 0 {
		b.Directives = []string{word}
		return
	}
	b.Directives[len(b.Directives)-1] += " " + word
}

// Serves says whether the block is for the zone, on whatever port and transport.
func (b *Block) Serves(zone string) bool {
	return slices.ContainsFunc(b.Keys, func(key string) bool { return zoneOf(key) == zone })
}

// Using returns the directives that are of the plugin.
func (b *Block) Using(plugin string) []string {
	var found []string
	for _, d := range b.Directives {
		if name, _, _ := strings.Cut(d, " "); name == plugin {
			found = append(found, d)
		}
	}
	return found
}

// zoneOf is the zone of a key such as dns://Example.org.:53, as the configuration writes it; the root is ".".
func zoneOf(key string) string {
	if key = strings.TrimSuffix(key, ","); key == "" {
		return "" // a comma that stands alone
	}
	if _, rest, found := strings.Cut(key, "://"); found {
		key = rest
	}
	key, _, _ = strings.Cut(key, ":")
	if key = strings.TrimSuffix(strings.ToLower(key), "."); key == "" {
		return "."
	}
	return key
}

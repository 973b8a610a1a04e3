package uninstall

import (
	"fmt"
	"strings"
)

const (
	begin = "# BEGIN registry-failover"
	end   = "# END registry-failover"
)

// removeStanza takes our stanza out of a Corefile: the lines from BEGIN to END,
// both included, each time they occur. All other lines stay byte for byte. White
// space around a marker doesn't matter. An error says which marker has no
// partner; what belongs to it can't be known then, and nothing is removed.
func removeStanza(text string) (string, error) {
	var rest strings.Builder
	inside, number := 0, 0 // inside is the number of the BEGIN line, 0 outside of a stanza
	for line := range strings.Lines(text) {
		number++
		switch marker := strings.TrimSpace(line); {
		case marker == begin && inside > 0:
			return "", fmt.Errorf("the BEGIN in line %d has no END before the next BEGIN in line %d", inside, number)
		case marker == begin:
			inside = number
		case marker == end && inside == 0:
			return "", fmt.Errorf("the END in line %d has no BEGIN", number)
		case marker == end:
			inside = 0
		case inside == 0:
			rest.WriteString(line)
		}
	}
	if inside > 0 {
		return "", fmt.Errorf("the BEGIN in line %d has no END", inside)
	}
	return rest.String(), nil
}

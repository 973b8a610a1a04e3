package corefile

import (
	"fmt"
	"strings"
)

// The lines around the stanza.
const (
	Begin = "# BEGIN registry-failover"
	End   = "# END registry-failover"
)

// Remove takes our stanza out of a Corefile: the lines from BEGIN to END, both
// included, each time they occur. All other lines stay byte for byte. White
// space around a marker doesn't matter. An error says which marker has no
// partner; what belongs to it can't be known then, and nothing is removed.
func Remove(text string) (string, error) {
	rest, _, err := cut(text)
	return rest, err
}

// cut is Remove that also says where in the rest the first stanza stood, -1 for nowhere.
func cut(text string) (rest string, at int, err error) {
	var outside strings.Builder
	at = -1
	inside, number := 0, 0 // inside is the number of the BEGIN line, 0 outside of a stanza
	for line := range strings.Lines(text) {
		number++
		switch marker := strings.TrimSpace(line); {
		case marker == Begin && inside > 0:
			return "", -1, fmt.Errorf("the BEGIN in line %d has no END before the next BEGIN in line %d", inside, number)
		case marker == Begin:
			inside = number
			if at < 0 {
				at = outside.Len()
			}
		case marker == End && inside == 0:
			return "", -1, fmt.Errorf("the END in line %d has no BEGIN", number)
		case marker == End:
			inside = 0
		case inside == 0:
			outside.WriteString(line)
		}
	}
	if inside > 0 {
		return "", -1, fmt.Errorf("the BEGIN in line %d has no END", inside)
	}
	return outside.String(), at, nil
}

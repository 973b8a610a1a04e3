package nodehosts

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MaxBytes is how long a hosts file may be, before and after: every connection
// of the node may read the whole of it.
const MaxBytes = 1 << 20

// Render returns the content of the hosts file with the block as wanted.
//
// The block is written where the first one stands, or at the end of the file;
// further blocks and stray marker lines go. A block without a line goes with its
// markers. Foreign lines stay byte for byte; a newline is added only to a last
// line that lacks one and gets the block behind it. Rendering the result again
// changes nothing.
//
// An error is one sentence: an entry or name that may not be written, content
// that is no text, or more than MaxBytes of it.
func Render(current []byte, want Block) ([]byte, error) {
	if err := want.check(); err != nil {
		return nil, err
	}
	switch {
	case len(current) > MaxBytes:
		return nil, fmt.Errorf("the content is longer than %d bytes: shorten it, it is left as it is", MaxBytes)
	case bytes.IndexByte(current, 0) >= 0:
		return nil, errors.New("the content is no text, it has a NUL byte: repair it, it is left as it is")
	}
	lines := classify(current, want.names())
	content := replaceOwn(lines, want.entries(collect(lines, true)))
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("the content would be longer than %d bytes with the block: shorten it, it is left as it is", MaxBytes)
	}
	return content, nil
}

// replaceOwn writes the foreign lines, with the entries' block at the first BEGIN line.
func replaceOwn(lines []line, entries []Entry) []byte {
	var out bytes.Buffer
	block := blockText(entries)
	for _, l := range lines {
		switch {
		case !l.ours:
			out.WriteString(l.text)
		case l.marker() == begin:
			out.WriteString(block)
			block = ""
		}
	}
	if block != "" && out.Len() > 0 && !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
		out.WriteByte('\n')
	}
	out.WriteString(block)
	return out.Bytes()
}

func blockText(entries []Entry) string {
	if len(entries) == 0 {
		return ""
	}
	var text strings.Builder
	text.WriteString(begin + "\n")
	for _, e := range entries {
		text.WriteString(e.line())
	}
	text.WriteString(end + "\n")
	return text.String()
}

package manifest

import "bytes"

// chunk is a part of a file that is parsed on its own.
type chunk struct {
	text []byte
	line int // of its first, from 1
}

// split cuts a stream of YAML at its document markers. They stand at the
// start of a line and end even a scalar (YAML 1.2.2, section 9.1), so no
// parser is needed to see them. A marker "---" stays with the document that it
// starts, as it may carry that document's content. Chunks without content are
// left out: blank ones, comments and directives.
func split(data []byte) []chunk {
	var chunks []chunk
	start, startLine, content := 0, 1, false
	cut := func(end, line int) {
		if content {
			chunks = append(chunks, chunk{data[start:end], startLine})
		}
		start, startLine, content = end, line, false
	}
	for at, line := 0, 1; at < len(data); line++ {
		next := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		text := data[at:next]
		switch {
		case marks(text, "---"):
			cut(at, line)
			content = hasContent(text[3:])
		case marks(text, "..."):
			cut(next, line+1)
		case text[0] == '%' && !content: // a directive; later it would be part of a scalar
			cut(next, line+1)
		default:
			content = content || hasContent(text)
		}
		at = next
	}
	cut(len(data), 0)
	return chunks
}

func marks(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

func hasContent(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] != '#'
}

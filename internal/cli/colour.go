package cli

import (
	"bytes"
	"io"
	"os"
	"regexp"

	"golang.org/x/term"
)

// painter gives the mark at the beginning of a line its colour. Verbs write plain
// text: what they write is a golden file as it stands, whoever reads it.
type painter struct {
	to    io.Writer
	plain bool
	// within says that the last write has ended inside a line.
	within bool
}

// newPainter paints on a terminal, unless NO_COLOR is set (https://no-color.org) or
// the terminal says that it knows no colours.
func newPainter(to io.Writer) *painter {
	file, isFile := to.(*os.File)
	terminal := isFile && term.IsTerminal(int(file.Fd()))
	return &painter{to: to, plain: !terminal || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"}
}

// marked is a line that begins with a mark: fine, to judge, not fine, not known. Before it
// a terminal may have been told where to write.
var marked = regexp.MustCompile(`^((?:\x1b\[[0-9]*[A-Z])* *)(√|‼|×|\?)( )`)

var markColours = map[string]string{"√": "32", "‼": "33", "×": "31", "?": "36"}

func (p *painter) Write(text []byte) (int, error) {
	if p.plain {
		return p.to.Write(text)
	}
	var painted bytes.Buffer
	for line := range bytes.Lines(text) {
		if !p.within {
			line = marked.ReplaceAllFunc(line, func(begin []byte) []byte {
				part := marked.FindSubmatch(begin)
				return []byte(string(part[1]) + "\x1b[" + markColours[string(part[2])] + "m" + string(part[2]) + "\x1b[0m" + string(part[3]))
			})
		}
		p.within = !bytes.HasSuffix(line, []byte("\n"))
		painted.Write(line)
	}
	if _, err := painted.WriteTo(p.to); err != nil {
		return 0, err
	}
	return len(text), nil
}

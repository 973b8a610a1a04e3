package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen shows one text after the other: in the same place on a terminal, below each
// other elsewhere.
type screen struct {
	to   io.Writer
	last string
	// size is the terminal's, in columns and rows; nil where there is none.
	size func() (width, height int, err error)
}

func newScreen(to io.Writer) *screen {
	s := &screen{to: to}
	beneath := to
	if p, is := to.(*painter); is {
		beneath = p.to
	}
	if file, is := beneath.(*os.File); is && term.IsTerminal(int(file.Fd())) {
		s.size = func() (int, int, error) { return term.GetSize(int(file.Fd())) }
	}
	return s
}

func (s *screen) isTerminal() bool { return s.size != nil }

// show writes the text. What it is compared by decides elsewhere than on a terminal
// whether it is worth another look.
func (s *screen) show(text, compared string) error {
	if !s.isTerminal() {
		if s.last != "" && s.last != compared {
			text = "\n" + text
		}
		return s.append(text, compared)
	}
	if width, height, err := s.size(); err == nil {
		text = fit(text, width, height)
	}
	// Line by line over what stands there, so that nothing flickers: home, and
	// each line cleared to its end, then what is below.
	text = "\x1b[H" + strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J"
	if s.last == "" {
		text = "\x1b[2J" + text
	}
	s.last = compared
	return s.write(text)
}

// append writes a text below the last one, unless it is the same.
func (s *screen) append(text, compared string) error {
	if s.last == compared {
		return nil
	}
	s.last = compared
	return s.write(text)
}

func (s *screen) write(text string) error {
	if _, err := io.WriteString(s.to, text); err != nil {
		return fmt.Errorf("the output can't be written: %w", err)
	}
	return nil
}

// fit cuts a text that is higher than a terminal, which would scroll.
func fit(text string, width, height int) string {
	var kept strings.Builder
	rows := 0
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	for n, line := range lines {
		rows += 1 + max(0, utf8.RuneCountInString(strings.TrimSuffix(line, "\n"))-1)/max(width, 1)
		if rows > height-2 && n < len(lines)-1 {
			fmt.Fprintf(&kept, "… %s, which a higher window shows\n", several(len(lines)-n, "line more", "lines more"))
			return kept.String()
		}
		kept.WriteString(line)
	}
	return kept.String() + "\n"
}

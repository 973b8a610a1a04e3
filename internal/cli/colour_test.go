package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestColoursAreForTerminals(t *testing.T) {
	open := func(name string) *os.File {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { file.Close() })
		return file
	}
	file, terminal := open(filepath.Join(t.TempDir(), "out")), open("/dev/ptmx")
	for sentence, test := range map[string]struct {
		to            io.Writer
		noColor, term string
		plain         bool
	}{
		"a terminal":                     {terminal, "", "xterm", false},
		"a terminal with NO_COLOR=1":     {terminal, "1", "xterm", true},
		"a terminal that is called dumb": {terminal, "", "dumb", true},
		"a file":                         {file, "", "xterm", true},
		"a buffer":                       {new(bytes.Buffer), "", "xterm", true},
	} {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		if got := newPainter(test.to).plain; got != test.plain {
			t.Errorf("%s: plain is %v", sentence, got)
		}
	}
}

func TestMarksAtTheBeginningOfALineGetColours(t *testing.T) {
	for sentence, test := range map[string]struct {
		writes []string
		want   string
	}{
		"each mark has its own": {
			[]string{"a: b\n  √ fine\n  ‼ hm\n× no\n    ? who knows\n"},
			"a: b\n  \x1b[32m√\x1b[0m fine\n  \x1b[33m‼\x1b[0m hm\n\x1b[31m×\x1b[0m no\n    \x1b[36m?\x1b[0m who knows\n",
		},
		"at the top of a screen, too":    {[]string{"\x1b[2J\x1b[H‼ hm\x1b[K\n  × no\x1b[K\n\x1b[J"}, "\x1b[2J\x1b[H\x1b[33m‼\x1b[0m hm\x1b[K\n  \x1b[31m×\x1b[0m no\x1b[K\n\x1b[J"},
		"within a line they stay":        {[]string{"a √ b × c\n"}, "a √ b × c\n"},
		"a word that begins so stays":    {[]string{"?query\n  √ok\n"}, "?query\n  √ok\n"},
		"after half a line is no begin":  {[]string{"half ", "√ of it\n", "√ whole\n"}, "half √ of it\n\x1b[32m√\x1b[0m whole\n"},
		"JSON has none":                  {[]string{"{\n  \"text\": \"× no\"\n}\n"}, "{\n  \"text\": \"× no\"\n}\n"},
		"nothing at all remains nothing": {[]string{""}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			var out bytes.Buffer
			p := &painter{to: &out}
			for _, text := range test.writes {
				if n, err := p.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("%d bytes, %v", n, err)
				}
			}
			if out.String() != test.want {
				t.Errorf("got %q, want %q", out.String(), test.want)
			}
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestAPainterTellsThatNothingCanBeWritten(t *testing.T) {
	for _, p := range []*painter{{to: full{}}, {to: full{}, plain: true}} {
		if _, err := p.Write([]byte("× no\n")); err == nil {
			t.Error("no error")
		}
	}
}

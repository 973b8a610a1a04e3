package cli

import (
	"bytes"
	"testing"
)

func TestAScreenThatIsNoTerminalShowsWhatHasChanged(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	for _, shown := range [][2]string{{"a 1 s ago\n", "a"}, {"a 2 s ago\n", "a"}, {"b 1 s ago\n", "b"}} {
		if err := s.show(shown[0], shown[1]); err != nil {
			t.Fatal(err)
		}
	}
	if want := "a 1 s ago\n\nb 1 s ago\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestATerminalIsWrittenOver(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	s.size = func() (int, int, error) { return 80, 24, nil }
	for range 2 {
		if err := s.show("a\nb\n", "a"); err != nil {
			t.Fatal(err)
		}
	}
	const each = "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J"
	if want := "\x1b[2J" + each + each; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestWhatIsHigherThanATerminalIsCut(t *testing.T) {
	for sentence, test := range map[string]struct {
		text          string
		width, height int
		want          string
	}{
		"it fits":                             {"a\nb\nc\n", 10, 5, "a\nb\nc\n"},
		"one line is too many":                {"a\nb\nc\nd\ne\n", 10, 5, "a\nb\nc\n… 2 lines more, which a higher window shows\n"},
		"a long line takes several rows":      {"0123456789x\nb\nc\nd\n", 10, 5, "0123456789x\nb\n… 2 lines more, which a higher window shows\n"},
		"characters count, not bytes":         {"√√√√√√√√√√\nb\nc\n", 10, 5, "√√√√√√√√√√\nb\nc\n"},
		"a window of no size shows something": {"a\nb\nc\n", 0, 0, "… 3 lines more, which a higher window shows\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := fit(test.text, test.width, test.height); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

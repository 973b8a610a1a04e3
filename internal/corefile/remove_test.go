package corefile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const stanza = "# BEGIN registry-failover\ncross-region.registry.io:53 {\n    forward . 192.0.2.10\n}\n# END registry-failover\n"

func TestRemove(t *testing.T) {
	tests := map[string]struct{ text, want, problem string }{
		"one at the end":                        {".:53 {\n    errors\n}\n" + stanza, ".:53 {\n    errors\n}\n", ""},
		"one at the beginning":                  {stanza + "\n.:53 {\n}", "\n.:53 {\n}", ""},
		"two":                                   {stanza + "a\n" + stanza + "b\n", "a\nb\n", ""},
		"none":                                  {"# BEGIN registry-failover-other\n.:53 {\n}\n", "# BEGIN registry-failover-other\n.:53 {\n}\n", ""},
		"nothing else":                          {stanza, "", ""},
		"nothing at all":                        {"", "", ""},
		"without a newline behind it":           {"a\n" + strings.TrimSuffix(stanza, "\n"), "a\n", ""},
		"one that was indented":                 {"a {\n\t# BEGIN registry-failover  \n\tx\n\t# END registry-failover\n}\n", "a {\n}\n", ""},
		"one with Windows's line ends":          {"a\r\n# BEGIN registry-failover\r\nx\r\n# END registry-failover\r\nb\r\n", "a\r\nb\r\n", ""},
		"white space of others stays":           {"\n\n \t\n" + stanza + "\n\n  ", "\n\n \t\n\n\n  ", ""},
		"a marker within a line is none":        {"x # BEGIN registry-failover\n", "x # BEGIN registry-failover\n", ""},
		"an END that is missing":                {"a\n# BEGIN registry-failover\nb\n", "", "the BEGIN in line 2 has no END"},
		"a BEGIN that is missing":               {"a\n# END registry-failover\nb\n", "", "the END in line 2 has no BEGIN"},
		"two BEGINs":                            {"# BEGIN registry-failover\na\n" + stanza, "", "the BEGIN in line 1 has no END before the next BEGIN in line 3"},
		"two ENDs":                              {stanza + "# END registry-failover\n", "", "the END in line 6 has no BEGIN"},
		"the wrong way round":                   {"# END registry-failover\n# BEGIN registry-failover\n", "", "the END in line 1 has no BEGIN"},
		"a whole one before one that is broken": {stanza + "# BEGIN registry-failover\n", "", "the BEGIN in line 6 has no END"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			got, err := Remove(test.text)
			if test.problem != "" {
				if err == nil || err.Error() != test.problem {
					t.Errorf("error %v, want %q", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the text is: what comes back has no marker, is no other text when
// there was none, and its lines are those that stood outside of the stanzas.
func FuzzRemove(f *testing.F) {
	f.Add("a\n" + stanza + "b")
	f.Add("# BEGIN registry-failover\n\t# END registry-failover \r\n")
	f.Add("# END registry-failover\n# BEGIN registry-failover")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.SplitAfter(text, "\n")
		var outside strings.Builder
		depth, balanced, markers := 0, true, 0
		for _, line := range lines {
			switch strings.TrimSpace(line) {
			case "# BEGIN registry-failover":
				depth++
				markers++
			case "# END registry-failover":
				depth--
				markers++
			default:
				if depth == 0 {
					outside.WriteString(line)
				}
			}
			balanced = balanced && (depth == 0 || depth == 1)
		}
		balanced = balanced && depth == 0
		got, err := Remove(text)
		switch {
		case (err == nil) != balanced:
			t.Fatalf("balanced is %t, the error %v", balanced, err)
		case err != nil:
			return
		case got != outside.String():
			t.Errorf("got %q, want %q", got, outside.String())
		case markers == 0 && got != text:
			t.Errorf("a text without markers became %q", got)
		}
		for line := range strings.Lines(got) {
			if line := strings.TrimSpace(line); line == Begin || line == End {
				t.Errorf("a marker is left: %q", got)
			}
		}
	})
}

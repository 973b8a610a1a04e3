package corefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	zone    = "cross-region.registry.io"
	address = "172.16.0.53"
)

func TestStanza(t *testing.T) {
	want := `# BEGIN registry-failover
cross-region.registry.io:53 {
    errors
    forward . fd00::53 /etc/resolv.conf {
        policy sequential
        prefer_udp
    }
}
b.example.com:53 {
    errors
    forward . fd00::53 /etc/resolv.conf {
        policy sequential
        prefer_udp
    }
}
# END registry-failover
`
	if diff := cmp.Diff(want, Stanza([]string{zone, "b.example.com"}, "fd00::53")); diff != "" {
		t.Error(diff)
	}
}

// corefiles are whole files: testdata holds the defaults of Kubernetes and of ACK, and one that people have edited.
func corefiles(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	paths, err := filepath.Glob("testdata/[a-z]*")
	if err != nil || len(paths) != 3 {
		t.Fatalf("there are %q: %v", paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		files[path] = text
		files[path+" with Windows's line ends"] = strings.ReplaceAll(text, "\n", "\r\n")
		files[path+" without the last line end"] = strings.TrimSuffix(text, "\n")
	}
	return files
}

func TestInsertIsUndoneByteForByte(t *testing.T) {
	for name, text := range corefiles(t) {
		t.Run(name, func(t *testing.T) {
			once, err := Insert(text, []string{zone}, address)
			if err != nil {
				t.Fatal(err)
			}
			ours := Stanza([]string{zone}, address)
			if want := text + ours; once != want && once != ours+text {
				t.Errorf("it became\n%s", once)
			}
			twice, err := Insert(once, []string{zone}, address)
			if err != nil || twice != once {
				t.Errorf("a second time, with %v, it became\n%s", err, twice)
			}
			moved, err := Insert(once, []string{zone, "b.example.com"}, "172.16.0.54")
			if want := strings.Replace(once, ours, Stanza([]string{zone, "b.example.com"}, "172.16.0.54"), 1); err != nil || moved != want {
				t.Errorf("with another address and endpoint, with %v, it became\n%s", err, moved)
			}
			for _, changed := range []string{once, moved} {
				if rest, err := Remove(changed); err != nil || rest != text {
					t.Errorf("what is left, with %v: %s", err, cmp.Diff(text, rest))
				}
			}
		})
	}
}

func TestInsertKeepsThePlaceOfAStanza(t *testing.T) {
	const before, after = ".:53 {\n}\n", "example.org {\n}"
	got, err := Insert(before+strings.ReplaceAll(stanza, "\n", " \r\n")+after, []string{zone}, address)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before+Stanza([]string{zone}, address)+after, got); diff != "" {
		t.Error(diff)
	}
}

func TestInsertRefuses(t *testing.T) {
	const another = `there is a server block for cross-region.registry.io already, outside of the lines from "# BEGIN registry-failover" to "# END registry-failover", and CoreDNS takes only one: remove it`
	for sentence, test := range map[string]struct{ text, problem string }{
		"another block for the zone":          {".:53 {\n}\ncross-region.registry.io:53 {\n}\n", another},
		"one in another form":                 {".:53, dns://Cross-Region.registry.IO. {\n}\n", another},
		"one beside the stanza":               {stanza + zone + " {\n}\n", another},
		"a brace that isn't closed":           {".:53 {\n  health {\n}\n", "the { in line 1 has no }"},
		"two that aren't closed":              {".:53 {\n  health {\n", "the { in line 2 has no }"},
		"a brace that isn't opened":           {".:53 {\n}\n}\n", "the } in line 3 has no {"},
		"a brace behind no zone":              {"{\n}\n", "the { in line 1 stands behind no zone"},
		"a quotation without its end":         {".:53 {\n  log . \"{type}\n}\n", "the { in line 1 has no }"},
		"a block without braces":              {".:53\nerrors\n", "the server block .:53 before line 2 has no braces: put { behind it and } at its end"},
		"a zone alone":                        {".:53", "the server block .:53 has no braces: put { behind it and } at its end"},
		"markers without partner":             {".:53 {\n}\n# END registry-failover\n", "the END in line 3 has no BEGIN"},
		"a stanza that got into a block":      {".:53 {\n" + stanza + "}\n", `the lines from "# BEGIN registry-failover" to "# END registry-failover" stand within a server block: move them behind it`},
		"markers that got behind a last zone": {".:53\n" + stanza, "the server block .:53 has no braces: put { behind it and } at its end"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := Insert(test.text, []string{zone}, address)
			if err == nil || err.Error() != test.problem {
				t.Errorf("%q with the error %v, want %s", got, err, test.problem)
			}
		})
	}
}

func TestParse(t *testing.T) {
	blocks, err := Parse(corefiles(t)["testdata/custom"])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Block{
		{[]string{"(snippet)"}, []string{"errors", "log . {remote} {type}"}},
		{[]string{".:53", ",", "example.org"}, []string{"import snippet", "forward . {$UPSTREAM}", "cache 30 }x", "reload"}},
		{[]string{"tls://corp.example.com.:853"}, []string{"forward . 10.0.0.53 10.0.0.54"}},
	}, blocks); diff != "" {
		t.Error(diff)
	}
	for i, zones := range [][]string{{}, {".", "example.org"}, {"corp.example.com"}} {
		for _, zone := range zones {
			if !blocks[i].Serves(zone) {
				t.Errorf("%q isn't for %s", blocks[i].Keys, zone)
			}
		}
	}
	if blocks, err = Parse("a {\n cache 30 {\n serve_stale 1h\n}\n cache\n cached\n}"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"cache 30 { serve_stale 1h }", "cache"}, blocks[0].Using("cache")); diff != "" {
		t.Error(diff)
	}
}

// Whatever the text is: what Insert takes is undone, and holds the stanza once.
func FuzzInsert(f *testing.F) {
	for _, text := range corefiles(f) {
		f.Add(text)
	}
	f.Add(stanza)
	f.Fuzz(func(t *testing.T, text string) {
		before, err := Remove(text)
		if err != nil {
			t.Skip()
		}
		result, err := Insert(text, []string{zone}, address)
		if err != nil {
			return
		}
		if after, err := Remove(result); err != nil || after != before {
			t.Errorf("%q became, with %v, %q", before, err, after)
		}
		if strings.Count(result, Stanza([]string{zone}, address)) != 1 {
			t.Errorf("the stanza isn't there once: %q", result)
		}
	})
}

package nodehosts

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/pkg/zone"
)

// FuzzRender takes any content: what must hold whatever a node's file looks like.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"", "10.2.0.10 " + shared + "\n" + end + "\n", "127.0.0.1 localhost", "a\r\n" + ours + "b", ours + ours, begin + "\n" + ours, ours + end,
		begin + "\n10.2.0.10 " + shared + "\nx\n", begin + "\n127.0.0.1 " + shared + " a.example.com\n" + end + " \r",
		begin + "\n::ffff:100.100.1.1 a.example.com\n10.3.0.1 A.example.com.\n" + end, end + "\n" + begin,
	} {
		f.Add([]byte(seed))
	}
	want := Block{Entries: hangzhou.Entries, Keep: []string{"a.example.com"}, Lost: []Entry{entry("10.3.0.10", "a.example.com")}, Known: []string{"b.example.com"}}
	f.Fuzz(func(t *testing.T, current []byte) {
		got, err := Render(current, want)
		if err != nil {
			if len(current)+len(ours) < MaxBytes/2 && !bytes.Contains(current, []byte{0}) {
				t.Fatalf("refused without need: %v", err)
			}
			return
		}
		if again, err := Render(got, want); err != nil || !bytes.Equal(again, got) {
			t.Errorf("rendering %q again gave %q, %v", got, again, err)
		}
		for name, addrs := range Applied(got) {
			for _, addr := range addrs {
				if zone.CheckAddr(addr) != nil || !zone.IsDNSName(name) {
					t.Errorf("the block of %q leads %q to %s", got, name, addr)
				}
			}
		}

		known := Block{Known: []string{shared, "a.example.com", "b.example.com"}}
		never, err := Render(current, known)
		if err != nil {
			t.Fatal(err)
		}
		removed, err := Render(got, Block{})
		if err != nil || !bytes.Equal(removed, never) && !bytes.Equal(removed, append(never, '\n')) {
			t.Errorf("removing after adding left %q, %v: want %q, which may have one newline more", removed, err, never)
		}
		if foreign := withoutOwnEnd(current[:firstMarker(current)]); !bytes.HasPrefix(got, foreign) {
			t.Errorf("the lines before the first marker of %q changed: %q", current, got)
		}
	})
}

// FuzzForeignLines puts a block between any lines: those must come out as they went in.
func FuzzForeignLines(f *testing.F) {
	f.Add("127.0.0.1 localhost\n", "# end\n", true)
	f.Add("a\r\n", "b", false)
	f.Add("\xff\n\n", "10.2.0.10 a.example.com\n", false)
	f.Fuzz(func(t *testing.T, before, after string, complete bool) {
		if before != "" && !strings.HasSuffix(before, "\n") {
			before += "\n"
		}
		if strings.Contains(before+after, "registry-failover") || strings.Contains(before+after, "\x00") || strings.Contains(after, shared) && !complete {
			t.Skip("has lines that are ours, or is refused")
		}
		present := begin + "\n10.2.0.10 " + shared + "\n"
		if complete {
			present += "anything\n" + end + "\n"
		}
		for _, c := range []struct {
			want  Block
			block string
		}{{hangzhou, ours}, {Block{Known: []string{shared}}, ""}} {
			got, err := Render([]byte(before+present+after), c.want)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != before+c.block+after {
				t.Errorf("got %q: want %q", got, before+c.block+after)
			}
		}
	})
}

// withoutOwnEnd takes away the last lines that an END line without BEGIN might take with it.
func withoutOwnEnd(before []byte) []byte {
	own := regexp.MustCompile(`((?m:^)[0-9a-f.:]+ (` + regexp.QuoteMeta(shared) + `|[ab]\.example\.com)\n)+$`)
	if at := own.FindIndex(before); at != nil {
		return before[:at[0]]
	}
	return before
}

// firstMarker returns where the first line starts that may be a marker.
func firstMarker(content []byte) int {
	first := len(content)
	for _, marker := range []string{begin, end} {
		if i := bytes.Index(content, []byte(marker)); i >= 0 {
			first = min(first, i)
		}
	}
	return first
}

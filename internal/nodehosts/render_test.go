package nodehosts

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const shared = "cross-region.registry.io"

func entry(addr, name string) Entry { return Entry{netip.MustParseAddr(addr), name} }

// hangzhou is a failover to one internal address, ours its block.
var hangzhou = Block{Entries: []Entry{entry("10.1.0.10", shared)}}

const ours = begin + "\n10.1.0.10 " + shared + "\n" + end + "\n"

func TestRender(t *testing.T) {
	const old = begin + "\n10.2.0.10 " + shared + "\n" + end + "\n"
	for sentence, c := range map[string]struct {
		current string
		want    Block
		after   string
	}{
		"an empty file gets only the block":                       {"", hangzhou, ours},
		"a file without a block gets it at the end":               {"127.0.0.1 localhost\n", hangzhou, "127.0.0.1 localhost\n" + ours},
		"a last line without a newline gets one":                  {"127.0.0.1 localhost", hangzhou, "127.0.0.1 localhost\n" + ours},
		"a last line without a newline stays when nothing is due": {"127.0.0.1 localhost", Block{}, "127.0.0.1 localhost"},
		"a block is replaced where it stands":                     {"a\n" + old + "b\n", hangzhou, "a\n" + ours + "b\n"},
		"a block that is right stays":                             {"a\n" + ours + "b", hangzhou, "a\n" + ours + "b"},
		"foreign lines with CRLF keep it":                         {"a\r\n" + old + "b\r\nc", hangzhou, "a\r\n" + ours + "b\r\nc"},
		"a last line that ends in CR gets only the newline":       {"a\r", hangzhou, "a\r\n" + ours},
		"bytes that are no UTF-8 stay":                            {"\xff\xfe\n" + old, hangzhou, "\xff\xfe\n" + ours},
		"of several blocks the first place is kept":               {"a\n" + old + "b\n" + old + "c\n", hangzhou, "a\n" + ours + "b\nc\n"},
		"markers are known with white space and CR behind them":   {"a\n" + begin + " \t\r\nx\r\n" + end + "\r\nb\n", hangzhou, "a\n" + ours + "b\n"},
		"an END without a newline still ends the block":           {"a\n" + begin + "\nx\n" + end, Block{}, "a\n"},
		"an indented marker is foreign":                           {" " + begin + "\nx\n", Block{}, " " + begin + "\nx\n"},
		"a longer marker is foreign":                              {begin + "-2\nx\n", Block{}, begin + "-2\nx\n"},
		"without entries the block goes with its markers":         {"a\n" + old + "b\n", Block{}, "a\nb\n"},
		"a block is ours entirely, whatever someone wrote in it":  {begin + "\n# note\n1.2.3.4 other.example.com\n" + end + "\n", Block{}, ""},

		"entries are written by name": {
			"", Block{Entries: []Entry{entry("10.1.0.11", "b.example.com"), entry("10.1.0.10", "a.example.com")}},
			begin + "\n10.1.0.10 a.example.com\n10.1.0.11 b.example.com\n" + end + "\n",
		},
		"the addresses of a name keep the order of the answer, each once": {
			"", Block{Entries: []Entry{entry("fd00::2", shared), entry("10.1.0.11", shared), entry("fd00::2", shared), entry("10.1.0.10", shared)}},
			begin + "\nfd00::2 " + shared + "\n10.1.0.11 " + shared + "\n10.1.0.10 " + shared + "\n" + end + "\n",
		},
		"an IPv4 address in IPv6 form is written as IPv4, and is no second one": {
			"", Block{Entries: []Entry{entry("::ffff:10.1.0.10", shared), entry("10.1.0.10", shared)}}, ours,
		},

		"a kept name stays while another changes": {
			old, Block{Entries: []Entry{entry("10.1.0.10", "a.example.com")}, Keep: []string{shared}},
			begin + "\n10.1.0.10 a.example.com\n10.2.0.10 " + shared + "\n" + end + "\n",
		},
		"a kept name has its lines from all blocks, each address once": {
			old + ours + old, Block{Keep: []string{shared}},
			begin + "\n10.2.0.10 " + shared + "\n10.1.0.10 " + shared + "\n" + end + "\n",
		},
		"a kept name that is not in the block adds nothing":     {"a\n", Block{Keep: []string{shared}}, "a\n"},
		"a kept name that somebody took away comes back":        {"a\n", Block{Keep: []string{shared}, Lost: hangzhou.Entries}, "a\n" + ours},
		"one whose only line would be refused does, too":        {begin + "\n127.0.0.1 " + shared + "\n" + end + "\n", Block{Keep: []string{shared}, Lost: hangzhou.Entries}, ours},
		"one that is there stays as it is":                      {old, Block{Keep: []string{shared}, Lost: hangzhou.Entries}, old},
		"what is lost of a name that isn't kept isn't written":  {"a\n", Block{Keep: []string{"a.example.com"}, Lost: hangzhou.Entries}, "a\n"},
		"a name that is neither wanted nor kept goes":           {old, Block{Keep: []string{"a.example.com"}}, ""},
		"a new answer wins over keeping the old":                {old, Block{Entries: hangzhou.Entries, Keep: []string{shared}}, ours},
		"a foreign line is no reason to keep a name":            {"10.2.0.10 " + shared + "\n", Block{Keep: []string{shared}}, "10.2.0.10 " + shared + "\n"},
		"a kept line that someone edited comes back in form":    {begin + "\n10.1.0.10\tCross-Region.registry.IO. x # y\r\n" + end + "\n", Block{Keep: []string{shared}}, ours},
		"a kept line with a refused address goes":               {begin + "\n127.0.0.1 " + shared + "\n" + end + "\n", Block{Keep: []string{shared}}, ""},
		"a kept name survives the loss of the END line":         {begin + "\n10.1.0.10 " + shared + "\nb\n", Block{Keep: []string{shared}}, ours + "b\n"},
		"a BEGIN without END takes our own lines with it":       {begin + "\n10.2.0.10 " + shared + "\nb\n", hangzhou, ours + "b\n"},
		"a BEGIN without END is no licence for foreign lines":   {begin + "\n127.0.0.1 localhost\n10.2.0.10 " + shared + "\n", hangzhou, ours + "127.0.0.1 localhost\n10.2.0.10 " + shared + "\n"},
		"a name that is only known is recognised as ours":       {begin + "\n10.2.0.10 " + shared + "\nb\n", Block{Known: []string{shared}}, "b\n"},
		"an own line at the end of the file needs no newline":   {begin + "\n10.2.0.10 " + shared, Block{Known: []string{shared}}, ""},
		"a line of an unknown name is foreign without END":      {begin + "\n10.2.0.10 " + shared + "\n", Block{}, "10.2.0.10 " + shared + "\n"},
		"a line in another form is foreign without END":         {begin + "\n10.2.0.10  " + shared + "\n", hangzhou, ours + "10.2.0.10  " + shared + "\n"},
		"a line with CRLF is foreign without END":               {begin + "\n10.2.0.10 " + shared + "\r\n", hangzhou, ours + "10.2.0.10 " + shared + "\r\n"},
		"a line with a comment is foreign without END":          {begin + "\n10.2.0.10 " + shared + "#mine\n", hangzhou, ours + "10.2.0.10 " + shared + "#mine\n"},
		"a line that we would refuse is foreign without END":    {begin + "\n127.0.0.1 " + shared + "\n", hangzhou, ours + "127.0.0.1 " + shared + "\n"},
		"a BEGIN before a complete block is one without END":    {begin + "\nb\n" + old, hangzhou, ours + "b\n"},
		"an END without BEGIN takes our own lines with it":      {"a\n10.2.0.10 " + shared + "\n10.2.0.11 " + shared + "\n" + end + "\nb\n", hangzhou, "a\nb\n" + ours},
		"an END without BEGIN is no licence for foreign lines":  {"10.2.0.10 " + shared + "\n127.0.0.1 localhost\n" + end + "\n", hangzhou, "10.2.0.10 " + shared + "\n127.0.0.1 localhost\n" + ours},
		"a line of an unknown name is foreign without BEGIN":    {"10.2.0.10 " + shared + "\n" + end + "\nb\n", Block{}, "10.2.0.10 " + shared + "\nb\n"},
		"a line in another form is foreign without BEGIN":       {"10.2.0.10  " + shared + "\n" + end + "\n", hangzhou, "10.2.0.10  " + shared + "\n" + ours},
		"a kept name survives the loss of the BEGIN line":       {"a\n10.1.0.10 " + shared + "\n" + end + "\n", Block{Keep: []string{shared}}, "a\n" + ours},
		"an END behind a complete block is one without BEGIN":   {old + "b\n10.2.0.10 " + shared + "\n" + end + "\n", hangzhou, ours + "b\n"},
		"of two ENDs in a row both go":                          {"10.2.0.10 " + shared + "\n" + end + "\n" + end + "\n", Block{Known: []string{shared}}, ""},
		"a lonely END is no place for the block":                {"a\n" + end + "\nb\n", hangzhou, "a\nb\n" + ours},
		"a lonely END without newline leaves nothing to repair": {"a\n" + end, hangzhou, "a\n" + ours},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := Render([]byte(c.current), c.want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.after, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			again, err := Render(got, c.want)
			if err != nil || string(again) != string(got) {
				t.Errorf("rendering again gave %q, %v", again, err)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	for sentence, c := range map[string]struct {
		current string
		want    Block
		says    string
	}{
		"a loopback address":              {"", Block{Entries: []Entry{entry("127.0.0.1", shared)}}, `address "127.0.0.1" of "cross-region.registry.io" is a loopback address: `},
		"a loopback address in IPv6 form": {"", Block{Entries: []Entry{entry("::ffff:127.0.0.1", shared)}}, "is a loopback address"},
		"an address of the cloud's own":   {"", Block{Entries: []Entry{entry("100.100.2.136", shared)}}, "100.100.0.0/16"},
		"an address with a zone":          {"", Block{Entries: []Entry{entry("fd00::1%eth0", shared)}}, "has an IPv6 zone"},
		"no address":                      {"", Block{Entries: []Entry{{Name: shared}}}, "is not an IP address"},
		"one bad entry among good ones":   {"", Block{Entries: []Entry{hangzhou.Entries[0], entry("0.0.0.0", shared)}}, "is the unspecified address"},
		"a name of one label":             {"", Block{Entries: []Entry{entry("10.1.0.10", "localhost")}}, `name "localhost" can't go into a hosts file: `},
		"a name with a final dot":         {"", Block{Entries: []Entry{entry("10.1.0.10", shared+".")}}, "without a final dot"},
		"a name with a line break":        {"", Block{Entries: []Entry{entry("10.1.0.10", "a.io\n127.0.0.1 b.io")}}, `"a.io\n127.0.0.1 b.io"`},
		"a name in capitals":              {"", Block{Entries: []Entry{entry("10.1.0.10", "A.io")}}, "lowercase"},
		"a kept name that is none":        {"", Block{Keep: []string{"localhost"}}, `"localhost"`},
		"a lost entry that is bad":        {"", Block{Keep: []string{shared}, Lost: []Entry{entry("169.254.0.1", shared)}}, "is a link-local address"},
		"a known name that is none":       {"", Block{Known: []string{""}}, `""`},
		"a NUL byte":                      {"a\x00b\n", hangzhou, "NUL byte"},
		"a NUL byte, also when removing":  {"a\x00b\n" + ours, Block{}, "NUL byte"},
		"content over the limit":          {strings.Repeat("#", MaxBytes+1), hangzhou, "longer than 1048576 bytes"},
		"content that would get too long": {strings.Repeat("#", MaxBytes), hangzhou, "would be longer than 1048576 bytes"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := Render([]byte(c.current), c.want)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v: it should say %q", err, c.says)
			}
			if got != nil {
				t.Errorf("there is content besides the error: %q", got)
			}
		})
	}
}

func TestContentOfExactlyTheLimitIsWritten(t *testing.T) {
	current := strings.Repeat("#", MaxBytes-len(ours)-1) + "\n"
	got, err := Render([]byte(current), hangzhou)
	if err != nil || string(got) != current+ours {
		t.Errorf("got %d bytes and %v: want %d", len(got), err, MaxBytes)
	}
}

func TestGoldenFiles(t *testing.T) {
	before, after, removed := golden(t, "before"), golden(t, "after"), golden(t, "removed")
	want := Block{Entries: []Entry{
		entry("203.0.113.7", "pull.example.com"),
		entry("10.1.0.10", shared), entry("10.1.0.11", shared), entry("fd00:1::10", shared),
	}}
	for _, c := range []struct {
		sentence      string
		current, then []byte
		want          Block
	}{
		{"adding the block", before, after, want},
		{"keeping it", after, after, Block{Keep: []string{shared, "pull.example.com"}}},
		{"removing it", after, removed, Block{}},
		{"adding it again", removed, after, want},
	} {
		got, err := Render(c.current, c.want)
		if diff := cmp.Diff(string(c.then), string(got)); err != nil || diff != "" {
			t.Errorf("%s: %v, -want +got:\n%s", c.sentence, err, diff)
		}
	}
}

func golden(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "testdata", "hosts", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestWhatTheFileSays(t *testing.T) {
	addrs := func(texts ...string) (all []netip.Addr) {
		for _, text := range texts {
			all = append(all, netip.MustParseAddr(text))
		}
		return all
	}
	type says = map[string][]netip.Addr
	for sentence, c := range map[string]struct {
		content          string
		applied, foreign says
	}{
		"the golden file has two endpoints in its block": {
			string(golden(t, "after")),
			says{shared: addrs("10.1.0.10", "10.1.0.11", "fd00:1::10"), "pull.example.com": addrs("203.0.113.7")},
			says{
				"localhost": addrs("127.0.0.1", "::1"), "localhost.localdomain": addrs("::1"),
				"cn-zhangjiakou.192.168.0.21": addrs("192.168.0.21"), "node-1": addrs("192.168.0.21"), "mirror.internal": addrs("10.9.8.7"),
			},
		},
		"without a block nothing is applied":              {"10.9.9.9 " + shared + "\n", says{}, says{shared: addrs("10.9.9.9")}},
		"a block without END isn't applied":               {begin + "\n10.1.0.10 " + shared + "\n", says{}, says{shared: addrs("10.1.0.10")}},
		"an edited address is shown as it is":             {begin + "\n127.0.0.1 " + shared + "\n" + end, says{shared: addrs("127.0.0.1")}, says{}},
		"a foreign line for a shared endpoint stands out": {"10.9.9.9 x Cross-Region.Registry.IO.\n" + ours, says{shared: addrs("10.1.0.10")}, says{"x": addrs("10.9.9.9"), shared: addrs("10.9.9.9")}},
		"comments and lines of no form say nothing":       {"#1.2.3.4 a\n1.2.3.4\n1.2.3 a\n1.2.3.4 # a\n \n", says{}, says{}},
	} {
		t.Run(sentence, func(t *testing.T) {
			same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
			if diff := cmp.Diff(c.applied, Applied([]byte(c.content)), same); diff != "" {
				t.Errorf("applied, -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(c.foreign, Foreign([]byte(c.content)), same); diff != "" {
				t.Errorf("foreign, -want +got:\n%s", diff)
			}
		})
	}
}

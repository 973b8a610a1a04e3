package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented finds the plugin's calls in a text: at the beginning of a line or of a code
// span, or after another command.
var documented = regexp.MustCompile("(?m)(?:^ *(?:\\$ )?|`|[|&] |   )kubectl registry-failover( [^`|&#\n]*)?(?:`|[|&#]|$)")

// TestDocumentsCallVerbsAndOptionsThatExist: a runbook is read by who has no time for a
// usage message.
func TestDocumentsCallVerbsAndOptionsThatExist(t *testing.T) {
	var files []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md", "charts/registry-failover/alerts.yaml", "charts/registry-failover/templates/NOTES.txt"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	calls := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range documented.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\\\n", " "), -1) {
			if problem := problemOf(call[1]); problem != "" {
				t.Errorf("%s: kubectl registry-failover%s: %s", file, call[1], problem)
			}
			calls++
		}
	}
	if calls < 80 {
		t.Errorf("only %d calls were found", calls)
	}
}

// problemOf says why a call is none. A synopsis, with brackets, is held to the options' names.
func problemOf(call string) string {
	args := strings.Fields(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(call, "TEXT"))
	if len(args) == 0 || args[0] == "VERB" || args[0] == "VERB," {
		return ""
	}
	verb, rest, err := newRoot().Find(args)
	switch {
	case err != nil:
		return err.Error()
	case verb.Parent() == nil:
		return "there is no such verb"
	}
	verb.InitDefaultHelpFlag()
	verb.Flags().Bool("no-color", false, "") // which Run adds
	if strings.ContainsAny(call, "[(<") {
		for _, name := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(call, -1) {
			if verb.Flags().Lookup(name[1]) == nil {
				return "there is no option --" + name[1]
			}
		}
		return ""
	}
	if err := verb.ParseFlags(rest); err != nil {
		return err.Error()
	}
	// A verb that stands alone is only named; with options it needs one of these.
	needed := map[string][]string{"drill": {"to"}, "failover": {"to"}, "coredns": {"print", "apply", "remove"}}[verb.Name()]
	given := func(name string) bool { return verb.Flags().Changed(name) }
	if len(rest) > 0 && needed != nil && !slices.ContainsFunc(needed, given) {
		return "it needs --" + strings.Join(needed, " or --")
	}
	return ""
}

func TestAWrongCallIsSeen(t *testing.T) {
	for call, want := range map[string]string{
		" status -w": "",
		" failover --to hangzhou --reason \"a b\"":   "",
		" status [--watch | --wait] [-o table|json]": "",
		" stauts":                                `unknown command "stauts" for "kubectl registry-failover"`,
		" status --wach":                         "unknown flag: --wach",
		" status [--wach]":                       "there is no option --wach",
		" failover --dry-run":                    "it needs --to",
		" coredns --namespace registry-failover": "it needs --print or --apply or --remove",
	} {
		if got := problemOf(call); got != want {
			t.Errorf("%s: got %q, want %q", call, got, want)
		}
	}
}

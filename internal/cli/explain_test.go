package cli_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/cli"
)

var update = flag.Bool("update", false, "write the golden files")

// compareGolden holds what was written against a golden file.
func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

const (
	exampleConfig = "../../testdata/config/example.yaml"
	golden        = "../../testdata/explain"
	source        = "b-registry.cn-zhangjiakou.cr.aliyuncs.com"
	sha           = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// explain runs the verb with the example's configuration.
func explain(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = cli.Run(t.Context(), append([]string{"explain", "--config", exampleConfig}, args...), strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

// images are the arguments of the golden files images.json and images.txt.
var images = []string{
	source + "/demo/web", source + "/demo/web:1", source + "/demo/web" + sha, source + "/demo/web:1" + sha,
	strings.ToUpper(source) + "/demo/web:V1", source + ":443/demo/web:1", source + ".example/demo/web", source + "/Demo/web",
	"a-registry-vpc.cn-hangzhou.cr.aliyuncs.com/demo/web:1",
	"cross-region.registry.io/demo/web:1", "Cross-Region.registry.io/demo/web:1",
	"nginx", "nginx", "library/nginx:latest", "localhost:5000/x", "quay.io/org/tool:2",
	"", " ", "\t", source + "/demo/web\n", " " + source + "/demo/web", "https://" + source + "/demo/web",
	"a<b>&\u2028é", "\x1b[31mred", strings.TrimPrefix(sha, "@sha256:"),
}

func TestGoldenFiles(t *testing.T) {
	workloads, err := os.ReadFile(filepath.Join(golden, "workloads.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		file, stdin string
		args        []string
	}{
		"images as JSON":            {"images.json", "", append([]string{"-o", "json", "--"}, images...)},
		"images for people":         {"images.txt", "", append([]string{"--"}, images...)},
		"workloads as JSON":         {"workloads.json", string(workloads), []string{"-o", "json", "-f", "-"}},
		"workloads for people":      {"workloads.txt", string(workloads), []string{"-f", "-"}},
		"short images for a table":  {"table.txt", "", []string{"nginx", source + "/a/b", ""}},
		"manifests without any pod": {"none.json", "kind: ConfigMap", []string{"-o", "json", "-f", "-"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, got, stderr := explain(t, test.stdin, test.args...)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			compareGolden(t, filepath.Join(golden, test.file), got)
		})
	}
}

// entry is the format as scripts know it: every key must be there.
type entry struct {
	Image, Rewritten, Endpoint, Reason *string
	Changed                            *bool
}

func TestEveryArgumentHasAnEntryInOrder(t *testing.T) {
	_, stdout, _ := explain(t, "", append([]string{"-o", "json", "--"}, images...)...)
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	var entries []entry
	if err := d.Decode(&entries); err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(images) {
		t.Fatalf("%d entries for %d images", len(entries), len(images))
	}
	for i, e := range entries {
		if e.Image == nil || e.Rewritten == nil || e.Endpoint == nil || e.Reason == nil || e.Changed == nil {
			t.Fatalf("entry %d lacks a key: %s", i, stdout)
		}
		if *e.Image != images[i] {
			t.Errorf("entry %d is for %q, want %q", i, *e.Image, images[i])
		}
		if !*e.Changed && *e.Rewritten != images[i] {
			t.Errorf("%q is unchanged and yet %q", images[i], *e.Rewritten)
		}
		if *e.Reason == "" {
			t.Errorf("%q has no reason", images[i])
		}
	}
}

func TestWhatJSONCannotHoldIsReplaced(t *testing.T) {
	_, stdout, _ := explain(t, "", "-o", "json", "a\xffb")
	var entries []entry
	if err := json.Unmarshal([]byte(stdout), &entries); err != nil {
		t.Fatal(err)
	}
	if got := *entries[0].Image; got != "a\ufffdb" || *entries[0].Rewritten != got {
		t.Errorf("image %q, rewritten %q", got, *entries[0].Rewritten)
	}
	if _, text, _ := explain(t, "", "a\xffb"); !strings.Contains(text, `"a\xffb"`) {
		t.Errorf("the text does not show the byte: %q", text)
	}
}

func TestNothingRawReachesTheTerminal(t *testing.T) {
	const bad = "\x1b[31m\u202e\x07"
	manifests := "kind: \"\\e[31m\"\napiVersion: v1\nmetadata: {name: \"\\a\", labels: {}}\nspec: {containers: [{image: \"\\e[31m\"}], \"\\e\": {spec: {containers: [{image: 1}]}}}"
	for name, args := range map[string][]string{
		"an image":                    {bad},
		"a wrong flag":                {"--" + bad},
		"a file that is not there":    {"-f", bad},
		"an output format":            {"-o", bad, "nginx"},
		"names and paths in manifest": {"-f", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stdout, stderr := explain(t, manifests, args...)
			if stdout+stderr == "" {
				t.Error("nothing was said")
			}
			if got := stdout + stderr; strings.ContainsAny(got, bad[:1]+"\u202e\a") {
				t.Errorf("raw control characters: %q", got)
			}
		})
	}
}

func TestHugeManifestsAreRefused(t *testing.T) {
	code, stdout, stderr := explain(t, strings.Repeat("#", 64<<20+1), "-f", "-")
	if code != 2 || stdout != "" || stderr != "stdin: is longer than 64 MiB: split it\n" {
		t.Errorf("%d, %q, %q", code, stdout, stderr)
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	var stderr bytes.Buffer
	code := cli.Run(t.Context(), []string{"explain", "--config", exampleConfig, "nginx"}, nil, closedPipe{}, &stderr)
	if code != 2 || !strings.HasPrefix(stderr.String(), "the output can't be written: ") {
		t.Errorf("%d, %q", code, stderr.String())
	}
}

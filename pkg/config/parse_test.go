package config_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
)

var update = flag.Bool("update", false, "write the golden files")

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../testdata/config", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestGoldenFiles compares what each example means, with every default filled in.
func TestGoldenFiles(t *testing.T) {
	for _, name := range []string{"example", "full"} {
		t.Run(name, func(t *testing.T) {
			c, err := config.Parse([]byte(read(t, name+".yaml")))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(c, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := name + ".parsed.json"
			if *update {
				if err := os.WriteFile(filepath.Join("../../testdata/config", golden), append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(read(t, golden), string(got)+"\n"); diff != "" {
				t.Error(diff)
			}
			again, err := config.Parse(got)
			if err != nil {
				t.Fatalf("what was parsed can't be parsed again: %v", err)
			}
			if diff := cmp.Diff(c, again); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOffNeedsNoQuotes(t *testing.T) {
	for _, off := range []string{"Off", `"Off"`, "off", "false"} {
		c, err := config.Parse([]byte(read(t, "example.yaml") + "node: {hosts: " + off + "}\npullSecrets: {mode: " + off + "}\n"))
		if err != nil {
			t.Errorf("%s: %v", off, err)
		} else if c.Node.Hosts != config.HostsOff || c.PullSecrets.Mode != config.PullSecretsOff {
			t.Errorf("%s is read as %q and %q", off, c.Node.Hosts, c.PullSecrets.Mode)
		}
	}
}

func TestNullKeepsTheDefault(t *testing.T) {
	c, err := config.Parse([]byte(read(t, "example.yaml") + `
admission: {enforcement: null}
node: {hosts: null}
pullSecrets: {mode: null}
health: {interval: null, timeout: null, slow: null, failures: null}
failover: {dwell: null, mode: null}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.APIVersion, want.Kind, want.Cluster, want.Endpoints = c.APIVersion, c.Kind, c.Cluster, c.Endpoints
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

func TestOneDocumentMayHaveMarkers(t *testing.T) {
	example := read(t, "example.yaml")
	for name, text := range map[string]string{
		"a leading marker":              "---\n" + example,
		"a comment and a marker":        "# first\n---\n" + example,
		"a directive and a marker":      "%YAML 1.1\n---\n" + example,
		"a trailing marker":             example + "---\n",
		"a trailing marker and comment": example + "---\n# last\n  # of all\n",
		"a trailing end":                example + "...\n",
		"carriage returns":              "---\r\n" + example + "---\r\n",
		"a marker within a text":        example + "health: {canary: ''} # --- a\nfailover:\n  dwell: |-\n    10m\n  mode: Manual\n#---\n",
	} {
		if _, err := config.Parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

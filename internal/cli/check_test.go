package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// check runs the verb with sets of checks in place of the real ones.
func check(t *testing.T, list []checks.Check, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	before := sets
	sets = []func(context.Context, *preflight) []checks.Check{func(_ context.Context, p *preflight) []checks.Check {
		if len(p.config.Endpoints) != 1 {
			t.Errorf("%d endpoints", len(p.config.Endpoints))
		}
		return list
	}}
	defer func() { sets = before }()
	var out, err bytes.Buffer
	code = Run(t.Context(), append([]string{"check", "--pre"}, args...), nil, &out, &err)
	return code, out.String(), err.String()
}

const exampleFile = "../../testdata/config/example.yaml"

func one(code checks.Code, level checks.Level, text string) checks.Check {
	f := checks.Finding{Level: level, Endpoint: "cross-region.registry.io", Subject: "hangzhou/public", Text: text}
	if level != checks.OK {
		f.Remedy = "mend it"
	}
	return checks.Check{Code: code, About: "it is so", Run: func(context.Context) []checks.Finding { return []checks.Finding{f} }}
}

func TestCheckTellsWhatItFinds(t *testing.T) {
	hang := checks.Check{Code: "HANGS", Run: func(ctx context.Context) []checks.Finding {
		<-ctx.Done()
		return []checks.Finding{{Level: checks.Unknown, Text: "no time", Remedy: "give more time"}}
	}}
	foreseen := checks.Check{Code: "FORESEEN", Run: func(context.Context) []checks.Finding {
		return []checks.Finding{{Level: checks.Unknown, Text: "it would take longer", Remedy: "give more time", Late: true}}
	}}
	for sentence, test := range map[string]struct {
		list   []checks.Check
		args   []string
		code   int
		stderr string
	}{
		"all is well":                       {[]checks.Check{one("A", checks.OK, "fine")}, nil, 0, ""},
		"there is a warning":                {[]checks.Check{one("A", checks.Warning, "hm"), one("B", checks.Unknown, "who knows")}, nil, 0, ""},
		"something failed":                  {[]checks.Check{one("A", checks.Failed, "no"), one("B", checks.OK, "fine"), one("C", checks.Failed, "no")}, nil, 1, "failed: A, C\n"},
		"the time was over":                 {[]checks.Check{hang, one("B", checks.OK, "fine")}, []string{"--timeout", "500ms"}, 3, "after 500ms: not everything was looked at\n"},
		"the time would have been over":     {[]checks.Check{foreseen, one("B", checks.OK, "fine")}, nil, 3, "after 30s: not everything was looked at\n"},
		"the time was over after it failed": {[]checks.Check{one("A", checks.Failed, "no"), hang}, []string{"--timeout", "500ms"}, 1, "failed: A\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, output := range []string{"table", "json"} {
				code, stdout, stderr := check(t, test.list, append(test.args, "--config", exampleFile, "-o", output)...)
				if code != test.code || stderr != test.stderr {
					t.Errorf("%s: exit code %d, stderr %q", output, code, stderr)
				}
				if output == "table" {
					if n := strings.Count(stdout, "\n  "); n < len(test.list) {
						t.Errorf("%d findings of %d:\n%s", n, len(test.list), stdout)
					}
					continue
				}
				var results []checks.Result
				if err := json.Unmarshal([]byte(stdout), &results); err != nil || len(results) != len(test.list) {
					t.Errorf("%v:\n%s", err, stdout)
				}
			}
		})
	}
}

// TestASlowSetLeavesTimeForTheOthers: an API of the cloud's that is dark shall not
// keep anybody from knowing what is wrong in the cluster.
func TestASlowSetLeavesTimeForTheOthers(t *testing.T) {
	before := sets
	defer func() { sets = before }()
	sets = nil
	for _, list := range [][]checks.Check{
		{{Code: "SLOW", Run: func(ctx context.Context) []checks.Finding {
			<-ctx.Done()
			return []checks.Finding{{Level: checks.Unknown, Text: "no time", Remedy: "give more time"}}
		}}},
		{{Code: "QUICK", Run: func(ctx context.Context) []checks.Finding {
			if ctx.Err() != nil {
				return []checks.Finding{{Level: checks.Unknown, Text: "no time", Remedy: "give more time"}}
			}
			return []checks.Finding{{Level: checks.Failed, Text: "no", Remedy: "mend it"}}
		}}},
	} {
		sets = append(sets, func(context.Context, *preflight) []checks.Check { return list })
	}
	var out, err bytes.Buffer
	code := Run(t.Context(), []string{"check", "--pre", "--config", exampleFile, "--timeout", "500ms"}, nil, &out, &err)
	if code != exitFailed || err.String() != "failed: QUICK\n" || !strings.HasPrefix(out.String(), "SLOW") {
		t.Errorf("exit code %d, stderr %q:\n%s", code, err.String(), out.String())
	}
}

func TestCheckShowsNothingRaw(t *testing.T) {
	for _, output := range []string{"table", "json"} {
		const raw = "\x1b[31mred\u202e\u009b"
		list := []checks.Check{{Code: "A", Run: func(context.Context) []checks.Finding {
			return []checks.Finding{{Level: checks.Warning, Subject: raw, Text: raw, Remedy: raw}}
		}}}
		_, stdout, _ := check(t, list, "--config", exampleFile, "-o", output)
		if strings.ContainsAny(stdout, "\x1b\u202e\u009b") || strings.Count(stdout, `[31mred`) != 3 {
			t.Errorf("%s: %q", output, stdout)
		}
	}
}

func TestJSONOfCheck(t *testing.T) {
	_, stdout, _ := check(t, []checks.Check{one("A", checks.Warning, "a < b")}, "--config", exampleFile, "-o", "json")
	const want = `[
  {
    "code": "A",
    "about": "it is so",
    "docs": "docs/checks.md#a",
    "findings": [
      {
        "level": "warning",
        "endpoint": "cross-region.registry.io",
        "subject": "hangzhou/public",
        "text": "a < b",
        "remedy": "mend it"
      }
    ]
  }
]
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
}

func TestCheckWithoutAClusterWantsAFile(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	code, stdout, stderr := check(t, nil, "--server", "http://127.0.0.1:1")
	if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "name a file with --config: the configuration of the cluster can't be read: ") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestCheckWithoutAKubeconfigWantsAFile(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	code, stdout, stderr := check(t, nil)
	if code != 2 || stdout != "" || stderr != "name a file with --config, or a cluster: there is no kubeconfig: name one with --kubeconfig\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestCheckReadsTheConfigurationOfTheCluster(t *testing.T) {
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/namespaces/elsewhere/configmaps/registry-failover-config":
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(corev1.ConfigMap{Data: map[string]string{"config.yaml": string(example)}})
		case "/api/v1/namespaces/slow/configmaps/registry-failover-config":
			<-r.Context().Done()
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for sentence, test := range map[string]struct {
		namespace string
		code      int
		stderr    string // its beginning
	}{
		"from the namespace that is named":      {"elsewhere", 0, ""},
		"not where there is none":               {"empty", 2, "name a file with --config: the configuration of the cluster can't be read: "},
		"not from an API server that is silent": {"slow", 3, "name a file with --config: the configuration of the cluster can't be read: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			list := []checks.Check{one("A", checks.OK, "fine")}
			code, stdout, stderr := check(t, list, "--server", server.URL, "-n", test.namespace, "--timeout", "500ms")
			if code != test.code || !strings.HasPrefix(stderr, test.stderr) || (stderr == "") != (code == 0) || (stdout == "") == (code == 0) {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

func TestCheckLooksAtTheClusterOfTheKubeconfig(t *testing.T) {
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	nobody, none := "http://127.0.0.1:1", filepath.Join(t.TempDir(), "none")
	for sentence, test := range map[string]struct {
		change func(*genericclioptions.ConfigFlags)
		want   string
	}{
		"that nobody names":   {func(*genericclioptions.ConfigFlags) {}, "there is no cluster to look at: there is no kubeconfig"},
		"that isn't there":    {func(f *genericclioptions.ConfigFlags) { f.KubeConfig = &none }, "there is no cluster to look at"},
		"that doesn't answer": {func(f *genericclioptions.ConfigFlags) { f.APIServer = &nobody }, "can't be listed"},
	} {
		t.Run(sentence, func(t *testing.T) {
			kube := clusterFlags()
			test.change(kube)
			for _, r := range look(t.Context(), &preflight{config: c, kube: kube}, clusterSets) {
				if r.Level() != checks.Unknown || !strings.Contains(r.Findings[0].Text, test.want) || r.Findings[0].Remedy == "" {
					t.Errorf("%s: %+v", r.Code, r.Findings)
				}
			}
		})
	}
}

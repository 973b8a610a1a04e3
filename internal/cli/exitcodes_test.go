package cli_test

import (
	"bytes"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/registry-failover/registry-failover/internal/cli"
)

// TestExitCodesAreEqualInEveryOutput: a script that asks for JSON goes by the code that a
// person has read of.
func TestExitCodesAreEqualInEveryOutput(t *testing.T) {
	for sentence, test := range map[string]struct {
		args    []string
		without []string // paths of the API server, or "*" for all
		code    int
	}{
		"status, with a node that lags":          {args: []string{"status"}, code: 1},
		"status, waiting for it":                 {args: []string{"status", "--wait", "--timeout", "200ms"}, code: 3},
		"status, without the right to nodes":     {args: []string{"status"}, without: []string{nodesPath}, code: 2},
		"status, without the right to anything":  {args: []string{"status"}, without: []string{"*"}, code: 2},
		"status of images, which nobody told":    {args: []string{"status", "--images"}, code: 2},
		"check":                                  {args: []string{"check"}, code: 0},
		"check, for too short":                   {args: []string{"check", "--timeout", "1ns", "--config", exampleConfig}, code: 3},
		"check, without a cluster's right":       {args: []string{"check"}, without: []string{"*"}, code: 2},
		"failback, which rules refuse":           {args: []string{"failback", "--dry-run"}, code: 1},
		"failover, to nowhere":                   {args: []string{"failover", "--to", "nowhere"}, code: 2},
		"failback, without a right":              {args: []string{"failback"}, without: []string{switchPath}, code: 2},
		"drill, to nowhere":                      {args: []string{"drill", "--to", "nowhere"}, code: 2},
		"explain":                                {args: []string{"explain", "--cluster"}, code: 0},
		"explain, without the right to pods":     {args: []string{"explain", "--cluster"}, without: []string{podsPath}, code: 2},
		"coredns":                                {args: []string{"coredns", "--print"}, code: 0},
		"coredns, without a right":               {args: []string{"coredns", "--print"}, without: []string{"*"}, code: 2},
		"setup, without credentials":             {args: []string{"setup", "--config", exampleConfig}, code: 2},
		"version":                                {args: []string{"version"}, code: 0},
		"version, without the right to anything": {args: []string{"version"}, without: []string{"*"}, code: 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, output := range []string{"table", "json"} {
				served := fixtures(t)["all"]
				for _, path := range test.without {
					if path == "*" {
						served = api{}
					}
					delete(served, path)
				}
				server := httptest.NewServer(served)
				defer server.Close()
				t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
				var stdout, stderr bytes.Buffer
				args := slices.Concat(test.args, []string{"-o", output})
				if test.args[0] != "setup" {
					args = append(args, "--server", server.URL)
				}
				if code := cli.Run(t.Context(), args, nil, &stdout, &stderr); code != test.code {
					t.Errorf("-o %s: %d\nstdout %s\nstderr %s", output, code, stdout.String(), stderr.String())
				}
			}
		})
	}
}

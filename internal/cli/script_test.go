package cli_test

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/registry-failover/registry-failover/internal/cli"
)

func TestMain(m *testing.M) {
	program := func() {
		os.Exit(cli.Run(context.Background(), cli.Arguments(os.Args), os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){"kubectl-registry_failover": program, cli.CompletionProgram: program})
}

// TestScripts runs the command itself; a script finds the example's configuration at $CONFIG,
// and a cluster that can be switched at $SERVER.
//
// A command beside those of testscript: serve FIXTURE [PATH…] starts an API server, whose
// kubeconfig is then $KUBECONFIG; it refuses what stands at the paths, and with * everything.
func TestScripts(t *testing.T) {
	config, err := filepath.Abs(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CONFIG", config)
			server := httptest.NewServer(newSwitched(t, "privatezone"))
			env.Defer(server.Close)
			env.Setenv("SERVER", server.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": func(ts *testscript.TestScript, _ bool, args []string) { serve(ts, fixtures(t), args) },
		},
	})
}

// fixtures are what an API server can have, by name.
func fixtures(t *testing.T) map[string]api {
	t.Helper()
	return map[string]api{
		"status": statusAPI(t), "pods": stragglersAPI(t), "dns": dnsAPI(t, ".:53 {\n    reload\n}\n"), "versions": versionsAPI(),
		"all": merged(statusAPI(t), stragglersAPI(t), dnsAPI(t, ".:53 {\n}\n"), versionsAPI()),
	}
}

// merged has what is in any; what several have is of the first.
func merged(all ...api) api {
	m := api{}
	for _, a := range slices.Backward(all) {
		maps.Copy(m, a)
	}
	return m
}

func serve(ts *testscript.TestScript, fixtures map[string]api, args []string) {
	if len(args) == 0 || fixtures[args[0]] == nil {
		ts.Fatalf("serve needs a fixture: one of %s", slices.Sorted(maps.Keys(fixtures)))
	}
	served := fixtures[args[0]]
	for _, path := range args[1:] {
		if path == "*" {
			served = api{}
		} else if _, there := served[path]; !there {
			ts.Fatalf("the fixture %s has no %s", args[0], path)
		}
		delete(served, path)
	}
	server := httptest.NewServer(served)
	ts.Defer(server.Close)
	kubeconfig := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":%q}}],`+
		`"contexts":[{"name":"prod","context":{"cluster":"c"}},{"name":"test","context":{"cluster":"c"}}],"current-context":"prod"}`, server.URL)
	file := ts.MkAbs("kubeconfig")
	ts.Check(os.WriteFile(file, []byte(kubeconfig), 0o600))
	ts.Setenv("KUBECONFIG", file)
}

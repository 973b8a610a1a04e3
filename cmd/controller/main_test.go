package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"controller": main})
}

// TestScripts runs the program itself; a script finds the example's
// configuration at $CONFIG, and has the command exits CODE PROGRAM [ARGUMENT…].
func TestScripts(t *testing.T) {
	config, err := filepath.Abs("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(env *testscript.Env) error {
			env.Setenv("CONFIG", config)
			return nil
		},
	})
}

// exits runs a program that must end with the code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ends with %d, not %d: %v", args[1], got, want, err)
	}
}

package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"controller": main})
}

// TestScripts runs the program itself; a script finds the example's configuration at $CONFIG.
func TestScripts(t *testing.T) {
	config, err := filepath.Abs("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CONFIG", config)
			return nil
		},
	})
}

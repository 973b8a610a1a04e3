package main

import (
	"path/filepath"
	"testing"
)

func TestHooksExitWith(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	tests := map[string]struct {
		run  func([]string) int
		args []string
		want int
	}{
		"2 for an argument that is no flag":      {uninstall, []string{"now"}, 2},
		"2 for a time below zero":                {uninstall, []string{"--timeout", "-1s"}, 2},
		"2 for an argument of cleanup, likewise": {cleanup, []string{"now"}, 2},
		"1 where there is no API server":         {uninstall, nil, 1},
		"1 for cleanup, likewise":                {cleanup, nil, 1},
		"2 for a precheck of nothing":            {runPrecheck, nil, 2},
		"2 for one without a configuration":      {runPrecheck, []string{"--config", filepath.Join(t.TempDir(), "none")}, 2},
		"2 for an argument of it, likewise":      {runPrecheck, []string{"--config", "x", "now"}, 2},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			if got := test.run(test.args); got != test.want {
				t.Errorf("it is %d", got)
			}
		})
	}
}

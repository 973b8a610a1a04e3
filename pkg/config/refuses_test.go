package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// edit replaces old by new once, or appends new where old is empty.
type edit struct{ old, new, want string }

// refuses edits the example in one place each, and expects that one sentence.
func refuses(t *testing.T, tests map[string]edit) {
	t.Helper()
	example := read(t, "example.yaml")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(example, test.old, test.new, 1)
			if test.old == "" {
				text = example + test.new
			}
			if text == example {
				t.Fatal("the example has nothing to replace")
			}
			_, err := config.Parse([]byte(text))
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// secondEndpoint is the example's endpoint once more, with instances of its own.
func secondEndpoint(t *testing.T) string {
	t.Helper()
	example := read(t, "example.yaml")
	return strings.NewReplacer("cri-aaaaa", "cri-ccccc", "cri-bbbbb", "cri-ddddd", "a-registry", "c-registry", "b-registry", "d-registry").
		Replace(example[strings.Index(example, "- name: cross-region"):])
}

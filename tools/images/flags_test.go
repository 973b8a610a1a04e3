package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrongUsageIsRefused(t *testing.T) {
	for sentence, test := range map[string]struct{ args, want string }{
		"no registry":               {"--tag v1", "--registry is missing"},
		"no tag":                    {"--registry localhost", "--tag is missing"},
		"a registry without a host": {"--registry demo --tag v1", `--registry "demo"`},
		"a tag that is none":        {"--registry localhost --tag a/b", `--tag "a/b"`},
		"another system":            {"--registry localhost --tag v1 --platforms darwin/arm64", "linux/amd64, linux/arm64"},
		"another architecture":      {"--registry localhost --tag v1 --platforms linux/s390x", "linux/amd64, linux/arm64"},
		"a platform twice":          {"--registry localhost --tag v1 --platforms linux/amd64,linux/amd64", "linux/amd64, linux/arm64"},
		"an argument":               {"--registry localhost --tag v1 webhook", `unexpected argument "webhook"`},
		"an empty ctr":              {"--registry localhost --tag v1 --load --ctr=", "--ctr is empty"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := parse(strings.Fields(test.args))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	got, err := parse([]string{"--registry", "registry.example:5000/demo", "--tag", "v1"})
	if err != nil {
		t.Fatal(err)
	}
	want := options{
		registry: "registry.example:5000/demo", tag: "v1", architectures: []string{"amd64", "arm64"}, ctr: []string{"ctr"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

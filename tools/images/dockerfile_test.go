package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/ociimage"
)

// An instruction of the Dockerfile, such as USER with its arguments.
type instruction struct{ name, arguments string }

// dockerfile reads the instructions of the repository's Dockerfile, continued lines as one.
func dockerfile(t *testing.T) []instruction {
	t.Helper()
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var all []instruction
	for line := range strings.SplitSeq(strings.ReplaceAll(string(content), "\\\n", ""), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, arguments, _ := strings.Cut(line, " ")
		all = append(all, instruction{name, arguments})
	}
	return all
}

// argumentsOf returns those of all instructions of a name.
func argumentsOf(t *testing.T, name string) []string {
	t.Helper()
	var found []string
	for _, i := range dockerfile(t) {
		if i.name == name {
			found = append(found, i.arguments)
		}
	}
	if len(found) == 0 {
		t.Fatalf("the Dockerfile has no %s", name)
	}
	return found
}

// TestTheDockerfileCompilesAsTheCommandDoes runs its last RUN with a go that
// only tells how it was called.
func TestTheDockerfileCompilesAsTheCommandDoes(t *testing.T) {
	runs := argumentsOf(t, "RUN")
	dir := t.TempDir()
	const telling = `#!/bin/sh
for word in "$@"; do echo "$word"; done
echo --
env
`
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(telling), 0o755); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("/bin/sh", "-c", runs[len(runs)-1])
	shell.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "PROGRAM=resolver", "TAG=v1.2.3", "TARGETARCH=arm64"}
	out, err := shell.Output()
	if err != nil {
		t.Fatal(err)
	}
	args, env, _ := strings.Cut(string(out), "--\n")
	if diff := cmp.Diff(compileArgs("v1.2.3", "/built/", "./cmd/resolver"), strings.Split(strings.TrimSpace(args), "\n")); diff != "" {
		t.Errorf("arguments (-command +Dockerfile):\n%s", diff)
	}
	for _, setting := range compileEnv("arm64") {
		if !slices.Contains(strings.Split(env, "\n"), setting) {
			t.Errorf("the Dockerfile lacks %s", setting)
		}
	}
}

func TestTheDockerfileHasAnEntrypointForEachProgram(t *testing.T) {
	entrypoints := map[string]string{} // by the stage they stand in
	stage := ""
	for _, i := range dockerfile(t) {
		switch i.name {
		case "FROM":
			_, stage, _ = strings.Cut(i.arguments, " AS ")
		case "ENTRYPOINT":
			entrypoints[stage] = i.arguments
		}
	}
	names, err := programs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range names {
		want, err := json.Marshal([]string{"/" + program})
		if err != nil {
			t.Fatal(err)
		}
		if entrypoints[program] != string(want) {
			t.Errorf("the stage %s has the entrypoint %s, want %s", program, entrypoints[program], want)
		}
	}
}

func TestTheDockerfileMakesTheSameLayout(t *testing.T) {
	if diff := cmp.Diff([]string{ociimage.NonRoot}, argumentsOf(t, "USER")); diff != "" {
		t.Errorf("USER (-command +Dockerfile):\n%s", diff)
	}
	copies := argumentsOf(t, "COPY")
	if got, want := copies[len(copies)-1], "--from=build /built/ /"; got != want {
		t.Errorf("the last COPY is %q, want %q", got, want)
	}
	stages := argumentsOf(t, "FROM")
	if got, want := stages[len(stages)-1], "${PROGRAM}"; got != want {
		t.Errorf("the last stage is from %q, want %q", got, want)
	}
	for _, stage := range stages[1 : len(stages)-1] {
		if !strings.HasPrefix(stage, "scratch AS ") {
			t.Errorf("a stage is from %q, want scratch", stage)
		}
	}
}

func TestTheDockerfileSetsTheSameLabels(t *testing.T) {
	got := map[string]string{}
	for label := range strings.FieldsSeq(argumentsOf(t, "LABEL")[0]) {
		key, value, _ := strings.Cut(label, "=")
		got[key] = value
	}
	if diff := cmp.Diff(options{tag: "$TAG", revision: "$REVISION"}.annotations(), got); diff != "" {
		t.Errorf("(-command +Dockerfile):\n%s", diff)
	}
}

func TestTheDockerfileHasTheGoOfTheModule(t *testing.T) {
	content, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(content), "\ngo ")
	language := strings.Join(strings.SplitN(after, ".", 3)[:2], ".") // 1.26 of 1.26.0
	if arguments := argumentsOf(t, "ARG"); !slices.Contains(arguments, "GO_VERSION="+language) {
		t.Errorf("go.mod says Go %s, but the Dockerfile has the arguments %q", language, arguments)
	}
}

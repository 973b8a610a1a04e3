package chart

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const (
	repository = "../.."
	chartDir   = repository + "/charts/registry-failover"
	namespace  = "registry-failover"
	example    = chartDir + "/examples/two-regions.yaml"
)

// helm is the path of the program, which is built the first time.
var helm = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("HELM"); path != "" {
		return path, nil
	}
	build := exec.CommandContext(context.Background(), repository+"/tools/build", "helm4")
	build.Stderr = os.Stderr
	dir, err := build.Output()
	return filepath.Join(strings.TrimSpace(string(dir)), "helm"), err
})

// run runs helm and returns what it says and whether it was content.
func run(t testing.TB, arguments ...string) (output string, err error) {
	t.Helper()
	program, err := helm()
	if err != nil {
		t.Fatalf("could not build helm: %v", err)
	}
	command := exec.CommandContext(t.Context(), program, arguments...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return stdout.String() + stderr.String(), err
}

// template runs `helm template`, for the Kubernetes that a cluster would have.
func template(t testing.TB, arguments ...string) (output string, err error) {
	t.Helper()
	return templateChart(t, chartDir, arguments...)
}

func templateChart(t testing.TB, dir string, arguments ...string) (output string, err error) {
	t.Helper()
	return run(t, append([]string{"template", "any", dir, "--namespace=" + namespace, "--kube-version=1.30.0"}, arguments...)...)
}

// values writes a file of values: the configuration, and the rest as lines of YAML.
func values(t testing.TB, configuration string, rest ...string) (path string) {
	t.Helper()
	text := "config:\n  " + strings.ReplaceAll(configuration, "\n", "\n  ") + "\n" + strings.Join(rest, "\n")
	if !strings.Contains(text, "\nimage:") {
		text += "\nimage: {registry: registry.example.com}\n"
	}
	path = filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// objects are what was rendered.
type objects []unstructured.Unstructured

func render(t testing.TB, arguments ...string) objects {
	t.Helper()
	return renderChart(t, chartDir, arguments...)
}

func renderChart(t testing.TB, dir string, arguments ...string) objects {
	t.Helper()
	output, err := templateChart(t, dir, arguments...)
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return decode(t, output)
}

// decode reads what helm has printed.
func decode(t testing.TB, output string) objects {
	t.Helper()
	var all objects
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(output))); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var o unstructured.Unstructured
		if err := yaml.UnmarshalStrict(document, &o.Object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if o.Object != nil {
			all = append(all, o)
		}
	}
}

// has says whether there is an object of that kind and name.
func (all objects) has(kind, name string) bool {
	for _, o := range all {
		if o.GetKind() == kind && o.GetName() == name {
			return true
		}
	}
	return false
}

// get decodes the only object of that kind and name; a field that the type doesn't know is a mistake.
func get[T any](t testing.TB, all objects, kind, name string) T {
	t.Helper()
	var found T
	count := 0
	for _, o := range all {
		if o.GetKind() == kind && o.GetName() == name {
			count++
			found = typed[T](t, o)
		}
	}
	if count != 1 {
		t.Fatalf("there are %d objects %s %s", count, kind, name)
	}
	return found
}

// typed is one object as its type.
func typed[T any](t testing.TB, o unstructured.Unstructured) (found T) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, &found, true); err != nil {
		t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
	return found
}

package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// binary is where the program is, built as `make build` does.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "webhook")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "webhook")
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", binary, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			panic(string(out))
		}
		code := m.Run()
		if err := goleak.Find(); err != nil && code == 0 {
			panic(err)
		}
		return code
	}())
}

const example = "../../testdata/config/example.yaml"

func TestStartThatCanNotSucceedIsExplained(t *testing.T) {
	dir, _ := certificate(t)
	badConfig := filepath.Join(t.TempDir(), "config.yaml")
	must(t, os.WriteFile(badConfig, []byte("a: ["), 0o600))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"no configuration is named": {[]string{"--cert-dir", dir}, 2, "webhook: --config is missing: name the configuration file\n"},
		"no certificate is named":   {[]string{"--config", example}, 2, "webhook: --cert-dir is missing: name the directory with tls.crt and tls.key\n"},
		"an argument is no flag":    {[]string{"--config", example, "--cert-dir", dir, "serve"}, 2, "webhook: unexpected argument \"serve\": all arguments are flags, see --help\n"},
		"the log format is unknown": {[]string{"--config", example, "--cert-dir", dir, "--log-format", "xml"}, 2, "webhook: log format \"xml\": one of text, json\n"},
		"the configuration is away": {[]string{"--config", "/nowhere.yaml", "--cert-dir", dir}, 1, "webhook: configuration: open /nowhere.yaml: no such file or directory\n"},
		"the configuration is bad":  {[]string{"--config", badConfig, "--cert-dir", dir}, 1, "webhook: configuration " + badConfig + ":\n"},
		"the certificate is away":   {[]string{"--config", example, "--cert-dir", "/nowhere"}, 1, "webhook: certificate in /nowhere: "},
		"the port is in use": {
			[]string{"--config", example, "--cert-dir", dir, "--listen", taken.Addr().String()},
			1, "webhook: listen address \"" + taken.Addr().String() + "\": ",
		},
		"the metrics port is in use": {
			[]string{"--config", example, "--cert-dir", dir, "--listen", "127.0.0.1:0", "--metrics", taken.Addr().String()},
			1, "webhook: metrics address \"" + taken.Addr().String() + "\": ",
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			out, err := exec.CommandContext(ctx, binary, test.args...).CombinedOutput()
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != test.code || !strings.HasPrefix(string(out), test.want) {
				t.Errorf("%v: %s", err, out)
			}
			if lines := strings.Count(string(out), "\n"); lines != 1 && test.code == 2 {
				t.Errorf("%d lines instead of one sentence: %s", lines, out)
			}
		})
	}
}

func TestProgram(t *testing.T) {
	certDir, roots := certificate(t)
	configuration, err := os.ReadFile(example)
	must(t, err)
	path := filepath.Join(t.TempDir(), "config.yaml")
	replace(t, path, configuration)
	p := start(t, "--config", path, "--cert-dir", certDir, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-format", "json")
	https, metrics := p.log(t, "listening"), p.log(t, "listening")
	if https["proto"] != "https" || metrics["proto"] != "http" {
		t.Fatalf("it listens at %v and %v", https, metrics)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	mutate := func() (patch string, warnings []string) {
		t.Helper()
		answer, err := client.Post("https://"+https["addr"]+"/mutate", "application/json", strings.NewReader(`{
			"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
				"uid": "7", "operation": "CREATE", "resource": {"version": "v1", "resource": "pods"},
				"object": {"metadata": {"name": "web"}, "spec": {"containers": [
					{"name": "web", "image": "b-registry.cn-zhangjiakou.cr.aliyuncs.com/demo/web:1"}]}}}}`))
		must(t, err)
		defer answer.Body.Close()
		var review struct {
			Response struct {
				UID      string
				Allowed  bool
				Patch    []byte
				Warnings []string
			}
		}
		must(t, json.NewDecoder(answer.Body).Decode(&review))
		if r := review.Response; r.UID != "7" || !r.Allowed {
			t.Errorf("the answer is %+v", r)
		}
		return string(review.Response.Patch), review.Response.Warnings
	}

	if patch, _ := mutate(); !strings.Contains(patch, `{"op":"replace","path":"/spec/containers/0/image","value":"cross-region.registry.io/demo/web:1"}`) {
		t.Errorf("the patch is %s", patch)
	}

	replace(t, path, append(configuration, "admission: {enforcement: Audit}\n"...))
	p.log(t, "a new configuration is in force")
	if patch, warnings := mutate(); patch != "" || len(warnings) != 2 || !strings.Contains(warnings[1], "would rewrite") {
		t.Errorf("Audit gives the patch %q and the warnings %q", patch, warnings)
	}

	replace(t, path, []byte("a: ["))
	if line := p.log(t, "the configuration can't be used: the last good one stays in force"); !strings.Contains(line["error"], path) {
		t.Errorf("the log says %v", line)
	}
	if patch, warnings := mutate(); patch != "" || len(warnings) != 2 || !strings.Contains(warnings[1], "would rewrite") {
		t.Errorf("the last good configuration gives the patch %q and the warnings %q", patch, warnings)
	}

	page := get(t, client, "http://"+metrics["addr"]+"/metrics")
	for _, want := range []string{
		`registry_failover_admission_requests_total{result="rewritten"} 1`, `registry_failover_admission_requests_total{result="audited"} 2`,
		"registry_failover_config_valid 0", "registry_failover_config_last_success_timestamp_seconds ", `registry_failover_config_info{sha256="`, "registry_failover_build_info{", "go_goroutines ",
	} {
		if !strings.Contains(page, "\n"+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := get(t, client, "http://"+metrics["addr"]+path); got != "ok\n" {
			t.Errorf("%s says %q", path, got)
		}
	}
	p.terminate(t)
}

// TestProgramFollowsTheIndexOfPullSecrets: its directory comes after the program.
func TestProgramFollowsTheIndexOfPullSecrets(t *testing.T) {
	certDir, roots := certificate(t)
	configuration, err := os.ReadFile(example)
	must(t, err)
	path, index := filepath.Join(t.TempDir(), "config.yaml"), filepath.Join(t.TempDir(), "index")
	replace(t, path, append(configuration, "pullSecrets: {mode: Derive, namespaces: [shop]}\n"...))
	p := start(t, "--config", path, "--cert-dir", certDir, "--pull-secrets", index, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-format", "json")
	https, metrics := p.log(t, "listening"), p.log(t, "listening")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	attached := func() string {
		t.Helper()
		answer, err := client.Post("https://"+https["addr"]+"/mutate", "application/json", strings.NewReader(`{
			"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
				"uid": "7", "operation": "CREATE", "resource": {"version": "v1", "resource": "pods"}, "namespace": "shop",
				"object": {"metadata": {"name": "web"}, "spec": {"imagePullSecrets": [{"name": "pull"}], "containers": [
					{"name": "web", "image": "b-registry.cn-zhangjiakou.cr.aliyuncs.com/demo/web:1"}]}}}}`))
		must(t, err)
		defer answer.Body.Close()
		var review struct {
			Response struct{ AuditAnnotations map[string]string }
		}
		must(t, json.NewDecoder(answer.Body).Decode(&review))
		return review.Response.AuditAnnotations["pull-secrets"]
	}
	const guessed, known = "pull.hangzhou.cross-region.registry.io,pull.zhangjiakou.cross-region.registry.io", "pull.hangzhou.cross-region.registry.io"
	if got := attached(); got != guessed {
		t.Errorf("without an index it attaches %q", got)
	}
	must(t, os.Mkdir(index, 0o700))
	replace(t, filepath.Join(index, "shop"), []byte(`{"pull":["cross-region.registry.io/hangzhou"]}`))
	for deadline := time.Now().Add(30 * time.Second); attached() != known; {
		if time.Now().After(deadline) {
			t.Fatalf("with an index it attaches %q", attached())
		}
	}
	replace(t, filepath.Join(index, "shop"), []byte("["))
	p.log(t, "the index of pull secrets can't be read: what was known before counts")
	if got := attached(); got != known {
		t.Errorf("with a broken index it attaches %q", got)
	}
	page := get(t, client, "http://"+metrics["addr"]+"/metrics")
	for _, want := range []string{`registry_failover_admission_index_namespaces{state="unreadable"} 1`, `registry_failover_admission_pull_secrets_total{result="attached"} `} {
		if !strings.Contains(page, "\n"+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	p.terminate(t)
}

func TestProgramWithoutMetricsPort(t *testing.T) {
	certDir, roots := certificate(t)
	p := start(t, "--config", example, "--cert-dir", certDir, "--listen", "127.0.0.1:0", "--metrics", "", "--log-format", "json")
	https := p.log(t, "listening")
	c, err := tls.Dial("tcp", https["addr"], &tls.Config{RootCAs: roots})
	must(t, err)
	c.Close()
	p.terminate(t)
}

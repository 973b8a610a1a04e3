package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestATerminalShowsWhatCanNotBeRead: what stderr says is written over there.
func TestATerminalShowsWhatCanNotBeRead(t *testing.T) {
	config, err := os.ReadFile("../../testdata/config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]string{configKey: string(config) + "\nnode: {hosts: \"Off\"}\n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var reads int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const core = "/api/v1/namespaces/registry-failover/configmaps/"
		w.Header().Set("Content-Type", "application/json")
		code, text := http.StatusOK, `{"apiVersion":"v1","kind":"ConfigMap"}`
		switch name := strings.TrimPrefix(r.URL.Path, core); {
		case name == configMap:
			text = string(found)
		case name == switchConfigMap && reads == 0:
			reads++
		case name == switchConfigMap:
			code, text = http.StatusInternalServerError, `{"apiVersion":"v1","kind":"Status","status":"Failure","code":500,"message":"etcd is away"}`
		default:
			code, text = http.StatusForbidden, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Forbidden","code":403}`
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(text))
	}))
	defer server.Close()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	o := statusOptions{watch: true, output: outputTable, kube: clusterFlags()}
	*o.kube.Namespace, *o.kube.APIServer = productNamespace, server.URL
	client, err := newStatusClient(o.kube)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	frames := 0
	to := newScreen(writerFunc(func(text []byte) (int, error) {
		if frames++; frames == 2 {
			cancel()
		}
		return out.Write(text)
	}))
	to.size = func() (int, int, error) { return 200, 5, nil } // lower than what there is to tell
	if err := o.follow(ctx, client, to, func(sentence string) { t.Errorf("stderr: %s", sentence) }); err != nil {
		t.Fatal(err)
	}
	const note = "‼ you may not read the ConfigMap registry-failover-status, so that it isn't known what the controller tells: you lack the right to get configmaps/registry-failover-status in the namespace registry-failover"
	shown := strings.SplitAfter(out.String(), "\x1b[J")
	if !strings.HasPrefix(shown[0], "\x1b[2J\x1b[H"+note) {
		t.Errorf("at first it shows %q", shown[0])
	}
	if begin, _, _ := strings.Cut(shown[1], "\n"); !strings.HasPrefix(begin, "\x1b[H‼ what follows was read ") || !strings.Contains(begin, "the switch can't be read: etcd is away") || !strings.Contains(shown[1], note) {
		t.Errorf("then it shows %q", shown[1])
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

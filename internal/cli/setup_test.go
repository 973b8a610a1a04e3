package cli_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

const setupPage = "../../docs/setup.md"

// TestSetup runs the command against a cloud over HTTPS, one for each script. In
// faults.txtar the primary has its address already: that would take another 5 s.
//
// Commands beside those of testscript: code N ARGS… expects an exit code, fault
// JSON injects one, changes N expects so many calls that have changed something.
func TestSetup(t *testing.T) {
	page, err := os.ReadFile(setupPage)
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(page), "$ kubectl registry-failover setup --config config.yaml --egress 203.0.113.7\n")
	example, _, ended := strings.Cut(example, "```")
	if !found || !ended {
		t.Fatalf("%s has no example", setupPage)
	}
	text, err := os.ReadFile("../../test/fakecloud/testdata/unprepared.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile("../../test/fakecloud/testdata/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/setup",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			data, err := cloud.ParseData(text)
			if err != nil {
				return err
			}
			if filepath.Base(env.WorkDir) == "script-faults" {
				data.Instances[1].VPCs = []cloud.LinkedVPC{{ID: "vpc-bbbbb", IP: "10.2.0.10"}}
			}
			c := cloud.New(data)
			server := httptest.NewTLSServer(c)
			env.Defer(server.Close)
			env.Values["cloud"] = c
			ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			for name, content := range map[string]string{"ca.pem": string(ca), "config.yaml": string(config), "page.txt": example} {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(content), 0o600); err != nil {
					return err
				}
			}
			env.Setenv("SSL_CERT_FILE", filepath.Join(env.WorkDir, "ca.pem"))
			env.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI-demo")
			env.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "demo-secret")
			env.Setenv("URL", server.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": func(ts *testscript.TestScript, _ bool, args []string) {
				want := args[0]
				args = append(args[1:], "--acr-endpoint", ts.Getenv("URL"), "--pvtz-endpoint", ts.Getenv("URL"))
				err := ts.Exec("kubectl-registry_failover", args...)
				got := "0"
				if exit, ok := errors.AsType[interface {
					error
					ExitCode() int
				}](err); ok {
					got = strconv.Itoa(exit.ExitCode())
				} else if err != nil {
					ts.Fatalf("%v", err)
				}
				if got != want {
					ts.Fatalf("exit code %s, want %s", got, want)
				}
			},
			"fault": func(ts *testscript.TestScript, _ bool, args []string) {
				var f cloud.Fault
				ts.Check(json.Unmarshal([]byte(strings.Join(args, " ")), &f))
				ts.Value("cloud").(*cloud.Cloud).Inject(f)
			},
			"changes": func(ts *testscript.TestScript, _ bool, args []string) {
				if got := fmt.Sprint(changes(ts.Value("cloud").(*cloud.Cloud).Data())); got != args[0] {
					ts.Fatalf("%s things were changed, want %s", got, args[0])
				}
			},
		},
	})
}

// changes counts what unprepared.yaml hasn't got.
func changes(d cloud.Data) int {
	n := 0
	for _, i := range d.Instances {
		n += len(i.SyncRules)
		if i.Public.Enabled {
			n++
		}
		for _, entry := range i.Public.ACL {
			if entry != "127.0.0.1/32" { // the cloud's own
				n++
			}
		}
		for _, v := range i.VPCs {
			if v.VSwitch != "" {
				n++
			}
		}
	}
	return n
}

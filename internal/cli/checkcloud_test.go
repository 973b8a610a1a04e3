package cli

import (
	"context"
	"encoding/pem"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/alibaba"
	"github.com/registry-failover/registry-failover/internal/checks"
	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// secondRun is set where a test runs itself: only there the variables of the
// credentials and of the authorities are what the program starts with.
const secondRun = "CLI_TEST_SECOND_RUN"

// overAPI runs check --pre with its checks over the cloud's API alone, in a process
// of its own that is told by variables how to get there.
func overAPI(t *testing.T, c *cloud.Cloud, variables []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	server := httptest.NewTLSServer(c)
	t.Cleanup(server.Close)
	authorities := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authorities, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"-test.run=^TestSecondRun$", "--", "check", "--pre", "--config", exampleFile, "--pvtz-endpoint", server.URL, "--acr-endpoint", server.URL}, args...)
	again := exec.CommandContext(t.Context(), os.Args[0], args...) //nolint:gosec // this very test
	again.Env = append(append(os.Environ(), secondRun+"=1", "SSL_CERT_FILE="+authorities, "NO_COLOR=1"), variables...)
	var out, errs strings.Builder
	again.Stdout, again.Stderr = &out, &errs
	if err := again.Run(); again.ProcessState == nil {
		t.Fatal(err)
	}
	return again.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestSecondRun is what overAPI runs.
func TestSecondRun(t *testing.T) {
	if os.Getenv(secondRun) == "" {
		t.Skip("it is run by others")
	}
	sets = []func(context.Context, *preflight) []checks.Check{func(_ context.Context, p *preflight) []checks.Check { return p.cloud }}
	os.Exit(Run(context.Background(), flag.Args(), os.Stdin, os.Stdout, os.Stderr))
}

var demoKey = []string{alibaba.EnvAccessKeyID + "=LTAI-demo", alibaba.EnvAccessKeySecret + "=demo-secret"}

func twoRegions(t *testing.T) cloud.Data {
	t.Helper()
	text, err := os.ReadFile("../../test/fakecloud/testdata/two-regions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := cloud.ParseData(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestCheckOverTheCloudsAPI(t *testing.T) {
	c := cloud.New(twoRegions(t))
	code, stdout, stderr := overAPI(t, c, demoKey)
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	if n := len(c.Calls()); n != 14 { // docs/cloud.md says so
		t.Errorf("%d calls", n)
	}
	golden(t, "check-cloud.golden", stdout)
}

func TestCheckOverTheCloudsAPIWithDefects(t *testing.T) {
	data := twoRegions(t)
	data.AccessKeys[0].Denied = []string{"cr:GetInstance"}
	standby, primary := &data.Instances[0], &data.Instances[1]
	standby.CustomDomains, standby.SyncRules, standby.VPCs[0].IP = nil, nil, "10.1.0.11"
	primary.Namespaces = append(primary.Namespaces, cloud.Namespace{Name: "base", Repositories: []string{"jdk", "os"}})
	primary.SyncRules[0].TagFilter = "^v"
	primary.SyncRules = append(primary.SyncRules, cloud.SyncRule{
		ID: "crsr-os", Namespace: "base", Repository: "os", TargetInstance: standby.ID, TargetRegion: standby.Region, TargetNamespace: "mirror",
	})
	data.Zones[1].Records = []cloud.Record{{RR: "@", Type: "CNAME", Value: standby.Public.Host}}
	c := cloud.New(data)
	code, stdout, stderr := overAPI(t, c, demoKey)
	page, err := os.ReadFile("../../docs/cloud.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## What `check --pre` reads\n")
	for _, call := range c.Calls() {
		service := map[string]string{"2018-12-01": "cr", "2018-01-01": "pvtz"}[call.Query["Version"]]
		if !strings.Contains(section, "`"+service+":"+call.Action+"`") || !strings.Contains(section, `"`+alibaba.Right(service, call.Action)+`"`) {
			t.Errorf("docs/cloud.md lacks %s, or the right to it in the policy", call.Action)
		}
	}
	if code != 1 || stderr != "failed: CUSTOM-DOMAIN, SYNC-NAMES, SYNC-SCOPE, VPC-LINK, RAM\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	golden(t, "check-cloud-defects.golden", stdout)
}

func TestCredentialsOfCheck(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"access-key-id": "LTAI-demo", "access-key-secret": "demo-secret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for sentence, test := range map[string]struct {
		variables []string
		args      []string
		code      int
		stdout    string
		stderr    string
	}{
		"none are given":     {nil, nil, 0, "? not looked at: there are no cloud credentials\n      → set ALIBABA_CLOUD_ACCESS_KEY_ID, ", ""},
		"files":              {nil, []string{"--credentials-dir", dir}, 0, "√ every call was answered", ""},
		"files before these": {[]string{alibaba.EnvAccessKeyID + "=LTAI-other", alibaba.EnvAccessKeySecret + "=x"}, []string{"--credentials-dir", dir}, 0, "√ every call was answered", ""},
		"an empty directory": {nil, []string{"--credentials-dir", "/nowhere"}, 2, "", "--credentials-dir: /nowhere/access-key-id isn't there: the Secret needs the key access-key-id\n"},
		"a wrong key":        {[]string{alibaba.EnvAccessKeyID + "=LTAI-demo", alibaba.EnvAccessKeySecret + "=wrong-secret"}, nil, 1, "× the cloud doesn't take these credentials: ", "failed: RAM\n"},
		"half a key":         {demoKey[:1], nil, 2, "", "ALIBABA_CLOUD_ACCESS_KEY_ID is set and ALIBABA_CLOUD_ACCESS_KEY_SECRET isn't: set both\n"},
		"no address":         {demoKey, []string{"--egress", "nat"}, 2, "", "--egress \"nat\": must be an IP address, such as 203.0.113.7\n"},
		"no URL":             {demoKey, []string{"--acr-endpoint", "nat"}, 2, "", "--acr-endpoint: \"nat\" is no address of a cloud service: write https://HOST or https://HOST:PORT\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, stdout, stderr := overAPI(t, cloud.New(twoRegions(t)), test.variables, test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || test.stdout == "" && stdout != "" || stderr != test.stderr {
				t.Errorf("exit code %d, stderr %q, stdout:\n%s", code, stderr, stdout)
			}
			if strings.Contains(stdout+stderr, "secret\n") || strings.Contains(stdout+stderr, "wrong-secret") {
				t.Errorf("a secret is told:\n%s%s", stdout, stderr)
			}
		})
	}
}

// TestCheckWhileTheAPIFails holds that nothing is taken for fine that wasn't
// answered, and that it ends in time.
func TestCheckWhileTheAPIFails(t *testing.T) {
	for sentence, fault := range map[string]cloud.Fault{
		"it throttles for long": {Code: "Throttling.User"},
		"it is dark":            {DelaySeconds: 3600},
		"it drops connections":  {Drop: true},
		"it isn't the API":      {Body: "<html>"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			c := cloud.New(twoRegions(t))
			c.Inject(fault)
			code, stdout, _ := overAPI(t, c, demoKey, "--timeout", "2s")
			if code == exitFailed || strings.Contains(stdout, "√ cross-region.registry.io hangzhou") || strings.Count(stdout, "  ? ") < 9 {
				t.Errorf("exit code %d:\n%s", code, stdout)
			}
		})
	}
}

// TestMoreCallsThanTheTimeIsFor: a call that would wait longer for its turn than there
// is time isn't waited for, and what it was for isn't taken for looked at.
func TestMoreCallsThanTheTimeIsFor(t *testing.T) {
	t.Parallel()
	data := twoRegions(t)
	for n := range 40 {
		data.Instances[1].Namespaces = append(data.Instances[1].Namespaces, cloud.Namespace{Name: fmt.Sprintf("empty-%d", n)})
	}
	code, stdout, stderr := overAPI(t, cloud.New(data), demoKey, "--timeout", "3s")
	if code != exitTimedOut || stderr != "after 3s: not everything was looked at\n" || strings.Count(stdout, "→ give more time with --timeout") != 2 {
		// told once of the repositories, and once of the rights
		t.Errorf("exit code %d, stderr %q:\n%s", code, stderr, stdout)
	}
}

package main

import (
	"crypto/x509"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// TestTheProgramBringsItsAuthorities runs itself where the system has none, as in the image.
func TestTheProgramBringsItsAuthorities(t *testing.T) {
	const there = "CONTROLLER_TEST_WITHOUT_AUTHORITIES"
	if os.Getenv(there) != "" {
		pool, err := x509.SystemCertPool()
		if err != nil || pool.Equal(x509.NewCertPool()) {
			t.Fatalf("no certificate would be trusted: %v", err)
		}
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v") //nolint:gosec // this very test
	again.Env = append(os.Environ(), there+"=1", "SSL_CERT_FILE=/nowhere", "SSL_CERT_DIR=/nowhere")
	if output, err := again.CombinedOutput(); err != nil || !strings.Contains(string(output), "PASS: "+t.Name()) {
		t.Errorf("%v: %s", err, output)
	}
}

func TestNewCloud(t *testing.T) {
	for _, name := range []string{"ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	log, err := diagnostics.NewLogger(os.Stderr, "text")
	if err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		credentials config.Credentials
		region      string
		options     cloudOptions
		want        string // the error, "" when there is none
	}{
		"an ECS instance's role":          {config.Credentials{Provider: config.ProviderECSRAMRole}, "", cloudOptions{}, ""},
		"a Secret":                        {config.Credentials{Provider: config.ProviderAccessKey}, "", cloudOptions{}, ""},
		"RRSA":                            {config.Credentials{Provider: config.ProviderRRSA, RoleARN: "a", OIDCProviderARN: "b", OIDCTokenFile: "c"}, "", cloudOptions{}, ""},
		"RRSA that isn't set up":          {config.Credentials{Provider: config.ProviderRRSA}, "", cloudOptions{}, "credentials.roleARN is empty and the pod has no ALIBABA_CLOUD_ROLE_ARN"},
		"a VPC's endpoints":               {config.Credentials{Provider: config.ProviderSTS}, "cn-hangzhou", cloudOptions{vpc: true}, ""},
		"a VPC's endpoints of no region":  {config.Credentials{Provider: config.ProviderSTS}, "", cloudOptions{vpc: true}, "--vpc-endpoints needs cluster.region"},
		"an endpoint that is no address":  {config.Credentials{Provider: config.ProviderSTS}, "", cloudOptions{acr: "cr.example"}, `--acr-endpoint: "cr.example" is no address of a cloud service`},
		"no provider":                     {config.Credentials{Provider: config.ProviderNone}, "", cloudOptions{}, "gives no credentials"},
		"endpoints that somebody chooses": {config.Credentials{Provider: config.ProviderSTS}, "", cloudOptions{pvtz: "https://127.0.0.1:8443", acr: "https://127.0.0.1:8443"}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			cfg := &config.Config{Credentials: test.credentials, Cluster: config.Cluster{Region: test.region}}
			cloud, err := newCloud(cfg, test.options, prometheus.NewRegistry(), log)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			cloud.Close()
		})
	}
}

func TestWhatUsesTheCloud(t *testing.T) {
	derive := config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"shop"}}
	minting, checking := derive, derive
	minting.Mint = []string{"shop"}
	checking.Mode, checking.Mint = config.PullSecretsCheck, []string{"shop"}
	for sentence, test := range map[string]struct {
		config config.Config
		want   bool
	}{
		"nothing":                  {config.Config{PrivateZone: config.PrivateZone{Source: config.VPCDNS}}, false},
		"the API as a source":      {config.Config{PrivateZone: config.PrivateZone{Source: config.API}}, true},
		"write-back":               {config.Config{PrivateZone: config.PrivateZone{Source: config.VPCDNS, WriteBack: true}}, true},
		"tokens":                   {config.Config{PullSecrets: minting}, true},
		"no tokens":                {config.Config{PullSecrets: derive}, false},
		"tokens in the wrong mode": {config.Config{PullSecrets: checking}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := usesCloud(&test.config); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestAChangeThatTheCloudsClientDoesNotFollowIsTold(t *testing.T) {
	minting := config.Config{PullSecrets: config.PullSecrets{Mode: config.PullSecretsDerive, Namespaces: []string{"*"}, Mint: []string{"shop"}}}
	more := minting
	more.PullSecrets.Mint = []string{"shop", "batch"}
	for sentence, test := range map[string]struct {
		after config.Config
		want  bool
	}{
		"the same":              {minting, false},
		"another namespace":     {more, false},
		"no namespace any more": {config.Config{}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			var said strings.Builder
			warnOfCloud(&minting, &test.after, slog.New(slog.NewTextHandler(&said, nil)))
			if got := said.Len() > 0; got != test.want {
				t.Errorf("it says %q", said.String())
			}
		})
	}
}

package alibaba

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// rrsa is a fetcher with the pod's token in a file.
func rrsa(t *testing.T, w *world, token string) *OIDC {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, token+"\n")
	const account = "acs:ram::1234567890123456:"
	o, err := NewOIDC(account+"role/registry-failover", account+"oidc-provider/ack-rrsa-demo", file, "sts.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	o.transport = direct{w.Cloud}
	return o
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOIDC(t *testing.T) {
	w := newWorld(t, twoRegions(t), nil)
	w.keeper.fetcher = rrsa(t, w, "demo-oidc-token")
	if zones, err := w.client.ReadZones(t.Context(), "cross-region.registry.io"); err != nil || len(zones) != 2 {
		t.Errorf("got %v, %v", zones, err)
	}
	for _, call := range w.Calls() {
		if call.Action == "DescribeZones" && call.Query["SecurityToken"] == "" {
			t.Error("a call has no security token")
		}
	}
}

func TestOIDCThatFails(t *testing.T) {
	for sentence, test := range map[string]struct {
		token string
		fault cloud.Fault
		kind  Kind
		want  string
	}{
		"a token that is refused": {token: "another-oidc-token", kind: Unauthenticated, want: "sts AssumeRoleWithOIDC failed: AuthenticationFail.OIDCToken.Invalid"},
		"no token":                {token: " ", kind: Temporary, want: "has 0 characters"},
		"too long a token":        {token: strings.Repeat("x", maxOIDCToken+1), kind: Temporary, want: "has 20001 characters: 1 to 20000 are taken"},
		"an answer without JSON":  {fault: cloud.Fault{Body: "hello"}, kind: Malformed, want: "isn't JSON"},
		"an answer without a key": {fault: cloud.Fault{Body: `{"Credentials":{"AccessKeyId":"x","Expiration":"2099-01-01T00:00:00Z"}}`}, kind: Malformed, want: "no session with an end"},
		"an end that is no time": {
			fault: cloud.Fault{Body: `{"Credentials":{"AccessKeyId":"x","AccessKeySecret":"y","SecurityToken":"z","Expiration":"soon"}}`},
			kind:  Malformed, want: "no session with an end",
		},
		"an error that quotes the token": {fault: cloud.Fault{Code: "AuthenticationFail.OIDCToken.Expired", Status: 401, Message: "demo-oidc-token is expired"}, kind: Unauthenticated, want: "[redacted] is expired"},
		"an error with a number for an id": {
			fault: cloud.Fault{Body: `{"RequestId":5}`, Status: 400}, kind: Refused, want: "HTTP status 400 without an error code",
		},
		"a redirect": {fault: cloud.Fault{Redirect: "https://elsewhere.test/"}, kind: Temporary, want: "the service redirects"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, twoRegions(t), nil)
			if test.token == "" {
				test.token = "demo-oidc-token"
			}
			w.Inject(test.fault)
			_, err := rrsa(t, w, test.token).Fetch(t.Context())
			if err == nil || KindOf(err) != test.kind || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "oidc-token") {
				t.Errorf("got %v (%s), want %q (%s)", err, KindOf(err), test.want, test.kind)
			}
		})
	}
}

func TestOIDCTakesWhatIsMissingFromTheEnvironment(t *testing.T) {
	for _, name := range []string{envRoleARN, envProviderARN, envTokenFile} {
		t.Setenv(name, "")
	}
	if _, err := NewOIDC("a", "", "c", "sts.test", nil); err == nil || !strings.HasPrefix(err.Error(), "credentials.oidcProviderARN is empty and the pod has no ALIBABA_CLOUD_OIDC_PROVIDER_ARN: ") {
		t.Errorf("got %v", err)
	}
	t.Setenv(envProviderARN, "b")
	if o, err := NewOIDC("a", "", "c", "sts.test", nil); err != nil || o.providerARN != "b" {
		t.Errorf("got %v, %v", o, err)
	}
}

func TestMetadata(t *testing.T) {
	for sentence, test := range map[string]struct {
		role  string
		roles []cloud.Role
		want  string // the error, "" when there is none
	}{
		"the instance's role":      {roles: []cloud.Role{{Name: "node-role"}}},
		"a role that is named":     {role: "node-role", roles: []cloud.Role{{Name: "node-role"}}},
		"a role it doesn't have":   {role: "other", roles: []cloud.Role{{Name: "node-role"}}, want: "HTTP status 404 without an error code"},
		"an instance without role": {want: "the ECS instance has no RAM role: attach one"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t, cloud.Data{Roles: test.roles}, nil)
			m := NewMetadata("http://metadata.test", test.role)
			m.transport = direct{w.Metadata()}
			s, err := m.Fetch(t.Context())
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				return
			}
			if err != nil || !s.complete() || s.token.reveal() == "" || time.Until(s.Expires) < 59*time.Minute {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	for sentence, test := range map[string]struct {
		files map[string]string
		sts   bool
		want  string // the error, "" when there is none
	}{
		"an AccessKey":               {files: map[string]string{FileAccessKeyID: "id\n", FileAccessKeySecret: " key "}},
		"STS":                        {files: map[string]string{FileAccessKeyID: "id", FileAccessKeySecret: "key", FileSecurityToken: "token"}, sts: true},
		"nothing":                    {want: "access-key-id isn't there: the Secret needs the key access-key-id"},
		"half of a key":              {files: map[string]string{FileAccessKeyID: "id"}, want: "the Secret needs the key access-key-secret"},
		"an empty one":               {files: map[string]string{FileAccessKeyID: "id", FileAccessKeySecret: "\n"}, want: "access-key-secret is empty"},
		"STS without its token":      {files: map[string]string{FileAccessKeyID: "id", FileAccessKeySecret: "key"}, sts: true, want: "the Secret needs the key security-token"},
		"a token that nobody uses":   {files: map[string]string{FileAccessKeyID: "id", FileAccessKeySecret: "key", FileSecurityToken: "token"}, want: "or set credentials.provider to STS"},
		"a file that is far too big": {files: map[string]string{FileAccessKeyID: strings.Repeat("x", maxSecretFile+1)}, want: "at most 65536 are read"},
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.files {
				write(t, filepath.Join(dir, name), content)
			}
			s, err := Files{Dir: dir, STS: test.sts}.Fetch(t.Context())
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				return
			}
			want := Session{accessKeyID: "id", key: newSecret("key")}
			if test.sts {
				want.token = newSecret("token")
			}
			if err != nil || !s.sameKeys(want) {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

// TestFilesAreOfOneVersion has kubelet's layout: links through ..data.
func TestFilesAreOfOneVersion(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"..1", "..2"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, FileAccessKeyID), "id"+version)
		write(t, filepath.Join(dir, version, FileAccessKeySecret), "key"+version)
	}
	if err := os.Symlink("..2", filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	// A link that was left behind shows which way was taken.
	if err := os.Symlink("..1/"+FileAccessKeySecret, filepath.Join(dir, FileAccessKeySecret)); err != nil {
		t.Fatal(err)
	}
	if s, err := (Files{Dir: dir}).Fetch(t.Context()); err != nil || !s.sameKeys(Session{accessKeyID: "id..2", key: newSecret("key..2")}) {
		t.Errorf("got %v, %v", s, err)
	}
}

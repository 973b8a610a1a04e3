package pullsecrets_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// FuzzParse holds that no content makes the parser panic or get into an error, and
// that companions say for the shared endpoint what the Secret says for the instance.
func FuzzParse(f *testing.F) {
	for _, auths := range []string{
		logins(f, "u", hangzhou, zhangjiakouVPC), logins(f, temporary, "https://"+hangzhou+"/v1/"), logins(f, "u", hangzhou+"/v1/v2/a", hangzhou+"/%2561"),
		`{"*.cn-hangzhou.cr.aliyuncs.com/a":{"username":"a:b","password":"\xff"}}`, `{"h.io":{"auth":"!"}}`, `{"[":{"username":"u"},"h.io:x":null}`, `null`,
	} {
		f.Add([]byte(`{"auths":`+auths+`}`), false)
		f.Add([]byte(auths), true)
	}
	all := endpoints(f)
	hosts := map[string][]string{"hangzhou": {hangzhouVPC, hangzhou}, "zhangjiakou": {zhangjiakouVPC, zhangjiakou}}
	f.Fuzz(func(t *testing.T, content []byte, older bool) {
		secretType, key := pullsecrets.TypeDockerConfigJSON, pullsecrets.KeyDockerConfigJSON
		if older {
			secretType, key = pullsecrets.TypeDockerConfig, pullsecrets.KeyDockerConfig
		}
		credentials, err := pullsecrets.Parse(secretType, map[string][]byte{key: content})
		if err != nil {
			if err != pullsecrets.ErrUnreadable && err != pullsecrets.ErrTooLong { //nolint:errorlint // nothing may be wrapped in it
				t.Fatalf("the error isn't one that is written down: %v", err)
			}
			return
		}
		companions := pullsecrets.Derive(all, credentials)
		for _, c := range companions {
			again, err := pullsecrets.Parse(pullsecrets.TypeDockerConfigJSON, map[string][]byte{pullsecrets.KeyDockerConfigJSON: c.Content()})
			if err != nil || len(again) == 0 {
				t.Fatalf("the companion for %s has %v, %v", c, again, err)
			}
			for _, a := range shown(again) {
				path, ok := strings.CutPrefix(a.Registry, c.Endpoint)
				if !ok {
					t.Fatalf("the companion for %s is for %s", c, a.Registry)
				}
				if c.Endpoint == shared && !anyFor(shown(credentials), hosts[c.Instance], path, a.Username+":"+a.Password) {
					t.Errorf("the companion for %s has a credential for %q that its Secret hasn't got", c, path)
				}
			}
		}
		for _, h := range pullsecrets.Holdings(all, credentials) {
			if read, err := pullsecrets.ParseHolding(h.String()); err != nil || read != h {
				t.Errorf("%s is read as %+v, %v", h, read, err)
			}
		}
	})
}

// anyFor tells whether a credential has the path and the login, and a host that is one of these or a pattern.
func anyFor(credentials []plain, hosts []string, path, login string) bool {
	for _, c := range credentials {
		host, rest, found := strings.Cut(c.Registry, "/")
		if found {
			rest = "/" + rest
		}
		fits := strings.ContainsAny(host, `*?[\`)
		for _, h := range hosts {
			fits = fits || strings.EqualFold(h, host)
		}
		if fits && rest == path && c.Username+":"+c.Password == login {
			return true
		}
	}
	return false
}

// FuzzDecodeNamespace holds that no index makes the webhook panic, and that what is read is written the same.
func FuzzDecodeNamespace(f *testing.F) {
	f.Add([]byte(known.Encode()))
	f.Add([]byte(`{"a":["r.io/b forever",""],"c":null}`))
	f.Add([]byte(`{"a":5}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := pullsecrets.DecodeNamespace(text)
		if err != nil {
			sentence, reason, _ := strings.Cut(err.Error(), ": ")
			if sentence != "must be a JSON object from Secret to list of holdings" || len(reason) > 80 {
				t.Fatalf("the error has more than a character of the content: %v", err)
			}
			return
		}
		again, err := pullsecrets.DecodeNamespace([]byte(n.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(n, again); diff != "" {
			t.Error(diff)
		}
	})
}

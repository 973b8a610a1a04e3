package alibaba

import (
	"fmt"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	for sentence, test := range map[string]struct {
		id, key, token string
		want           string // of the error
	}{
		"nothing is set":            {},
		"a token alone is nothing":  {token: "token"},
		"a permanent key":           {id: "id", key: "hidden"},
		"a temporary key":           {id: "id", key: "hidden", token: "token"},
		"a key without its secret":  {id: "id", want: "ALIBABA_CLOUD_ACCESS_KEY_ID is set and ALIBABA_CLOUD_ACCESS_KEY_SECRET isn't: set both"},
		"a secret without its name": {key: "hidden", want: "ALIBABA_CLOUD_ACCESS_KEY_SECRET is set and ALIBABA_CLOUD_ACCESS_KEY_ID isn't: set both"},
	} {
		t.Run(sentence, func(t *testing.T) {
			e, err := NewEnvironment(func(name string) string {
				return map[string]string{EnvAccessKeyID: test.id, EnvAccessKeySecret: test.key, EnvSecurityToken: test.token}[name]
			})
			if test.want != "" {
				if err == nil || err.Error() != test.want {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || (e == nil) != (test.id == "") {
				t.Fatalf("got %v, %v", e, err)
			}
			if e == nil {
				return
			}
			s, err := e.Fetch(t.Context())
			if err != nil || s.accessKeyID != test.id || s.key.reveal() != test.key || s.token.reveal() != test.token {
				t.Errorf("got %v, %v", s, err)
			}
			if text := fmt.Sprintf("%v %+v %#v", e, e, s); strings.Contains(text, test.key) {
				t.Errorf("the secret is printed: %s", text)
			}
		})
	}
}

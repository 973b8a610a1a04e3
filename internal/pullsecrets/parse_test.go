package pullsecrets_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// plain shows what a Credential hides.
type plain struct{ Registry, Username, Password string }

func shown(credentials []pullsecrets.Credential) []plain {
	var all []plain
	for _, c := range credentials {
		username, password := c.Login()
		all = append(all, plain{c.Registry, username, password})
	}
	return all
}

// TestParse has kubelet's rules (k8s.io/kubernetes 1.37, pkg/credentialprovider,
// config.go and keyring.go).
func TestParse(t *testing.T) {
	for sentence, test := range map[string]struct {
		auths string
		want  []plain
	}{
		"user and password in base64 are read":                {`{"h.io":{"auth":"` + basic("u", "p") + `"}}`, []plain{{"h.io", "u", "p"}}},
		"a password may have colons":                          {`{"h.io":{"auth":"` + basic("u", "p:q:") + `"}}`, []plain{{"h.io", "u", "p:q:"}}},
		"base64 without padding is read":                      {`{"h.io":{"auth":"` + base64.RawStdEncoding.EncodeToString([]byte("u:pw")) + `"}}`, []plain{{"h.io", "u", "pw"}}},
		"base64 in lines is read":                             {`{"h.io":{"auth":"dT\npw\n"}}`, []plain{{"h.io", "u", "p"}}},
		"user and password by themselves are read":            {`{"h.io":{"username":"u","password":"p","email":"e"}}`, []plain{{"h.io", "u", "p"}}},
		"base64 wins over the fields":                         {`{"h.io":{"username":"x","password":"y","auth":"` + basic("u", "p") + `"}}`, []plain{{"h.io", "u", "p"}}},
		"a user without a password counts":                    {`{"h.io":{"username":"u"}}`, []plain{{"h.io", "u", ""}}},
		"an entry without a credential is left out":           {`{"h.io":{},"i.io":null,"j.io":{"auth":"Og=="},"k.io":{"identitytoken":"x"}}`, nil},
		"keys of fields match in any case":                    {`{"h.io":{"UserName":"u","PASSWORD":"p"}}`, []plain{{"h.io", "u", "p"}}},
		"registries are sorted":                               {logins(t, "u", "b.io", "a.io"), []plain{{"a.io", "u", "a.io"}, {"b.io", "u", "b.io"}}},
		"a scheme is dropped":                                 {logins(t, "u", "https://h.io", "http://i.io"), []plain{{"h.io", "u", "https://h.io"}, {"i.io", "u", "http://i.io"}}},
		"another scheme is taken for a host":                  {`{"ftp://h.io":{"username":"u"}}`, []plain{{"ftp://h.io", "u", ""}}},
		"the path of the API means the host":                  {`{"https://h.io/v1/":{"username":"u"},"i.io/v2/":{"username":"u"}}`, []plain{{"h.io", "u", ""}, {"i.io", "u", ""}}},
		"the path of the API without a slash is a path":       {`{"h.io/v1":{"username":"u"}}`, []plain{{"h.io/v1", "u", ""}}},
		"the path of the API is dropped once":                 {`{"h.io/v1/v2/a":{"username":"u"}}`, []plain{{"h.io/v2/a", "u", ""}}},
		"a final slash means the host":                        {`{"h.io/":{"username":"u"}}`, []plain{{"h.io", "u", ""}}},
		"a path is kept":                                      {`{"h.io/team":{"username":"u"},"h.io/web/":{"username":"v"}}`, []plain{{"h.io/team", "u", ""}, {"h.io/web/", "v", ""}}},
		"a port is kept":                                      {`{"h.io:5000":{"username":"u"}}`, []plain{{"h.io:5000", "u", ""}}},
		"a pattern is kept":                                   {`{"*.h.io":{"username":"u"}}`, []plain{{"*.h.io", "u", ""}}},
		"a query and a user in the URL are dropped":           {`{"https://x:y@h.io/a?b#c":{"username":"u"}}`, []plain{{"h.io/a", "u", ""}}},
		"a path is read as a URL twice":                       {`{"h.io/%2574eam":{"username":"u"},"i.io/team%3Fb":{"username":"u"}}`, []plain{{"h.io/team", "u", ""}, {"i.io/team", "u", ""}}},
		"what is no URL is left out":                          {`{"h.io:port":{"username":"u"},"%":{"username":"u"},"":{"username":"u"},"/a":{"username":"u"}}`, nil},
		"a path that no repository has is left out":           {`{"h.io/Team":{"username":"u"},"h.io/a%20b":{"username":"u"},"h.io/a*":{"username":"u"},"h.io/a%253f":{"username":"u"}}`, nil},
		"a registry twice, by two keys, comes in their order": {`{"https://h.io":{"username":"b"},"h.io":{"username":"a"}}`, []plain{{"h.io", "a", ""}, {"h.io", "b", ""}}},
		"of the same key twice the last counts":               {`{"h.io":{"username":"a"},"h.io":{"password":"p"}}`, []plain{{"h.io", "", "p"}}},
		"an empty file has none":                              {`{}`, nil},
		"a file without registries has none":                  {`null`, nil},
		"what stands beside the registries matters to nobody": {`{},"credsStore":5`, nil},
		"headers are passed over":                             {`{},"HttpHeaders":{"a":"b"}`, nil},
		"registries that stand there twice are one list":      {`{"h.io":{"username":"u"}},"Auths":{"i.io":{"username":"v"}}`, []plain{{"h.io", "u", ""}, {"i.io", "v", ""}}},
		"registries after none are a list":                    {`null,"auths":{"i.io":{"username":"v"}}`, []plain{{"i.io", "v", ""}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			credentials, err := pullsecrets.Parse(pullsecrets.TypeDockerConfigJSON, secret(test.auths))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, shown(credentials)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseTheOlderType(t *testing.T) {
	file := []byte(`{"h.io":{"auth":"` + basic("u", "p") + `"},"auths":{"username":"v","password":"q"}}`)
	got, err := pullsecrets.Parse(pullsecrets.TypeDockerConfig, map[string][]byte{pullsecrets.KeyDockerConfig: file, pullsecrets.KeyDockerConfigJSON: []byte("{")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]plain{{"auths", "v", "q"}, {"h.io", "u", "p"}}, shown(got)); diff != "" {
		t.Error(diff)
	}
}

func TestASecretWithoutContentHasNoCredentials(t *testing.T) {
	for _, secretType := range []string{pullsecrets.TypeDockerConfigJSON, pullsecrets.TypeDockerConfig} {
		for _, data := range []map[string][]byte{nil, {pullsecrets.KeyDockerConfigJSON: nil, pullsecrets.KeyDockerConfig: {}}} {
			if got, err := pullsecrets.Parse(secretType, data); got != nil || err != nil {
				t.Errorf("%s has %v, %v", secretType, got, err)
			}
		}
	}
}

func TestWhatCantBeParsed(t *testing.T) {
	for sentence, test := range map[string]struct {
		secretType, content string
		want                error
	}{
		"a Secret of another type":                      {"Opaque", `{}`, pullsecrets.ErrNoPullSecret},
		"no JSON":                                       {pullsecrets.TypeDockerConfigJSON, `{"auths"`, pullsecrets.ErrUnreadable},
		"another kind of JSON":                          {pullsecrets.TypeDockerConfigJSON, `["s3cret"]`, pullsecrets.ErrUnreadable},
		"an entry that is a text":                       {pullsecrets.TypeDockerConfigJSON, `{"auths":{"h.io":"s3cret"}}`, pullsecrets.ErrUnreadable},
		"a password that is a number":                   {pullsecrets.TypeDockerConfigJSON, `{"auths":{"h.io":{"password":5}}}`, pullsecrets.ErrUnreadable},
		"an email that is a number":                     {pullsecrets.TypeDockerConfigJSON, `{"auths":{"h.io":{"username":"s3cret","email":5}}}`, pullsecrets.ErrUnreadable},
		"no base64":                                     {pullsecrets.TypeDockerConfigJSON, `{"auths":{"h.io":{"auth":"s3cret!"}}}`, pullsecrets.ErrUnreadable},
		"base64 without a colon":                        {pullsecrets.TypeDockerConfigJSON, `{"auths":{"h.io":{"auth":"czNjcmV0"}}}`, pullsecrets.ErrUnreadable},
		"an unreadable entry, and another in its place": {pullsecrets.TypeDockerConfigJSON, `{"auths":{"h.io":{"auth":"!"},"h.io":{}}}`, pullsecrets.ErrUnreadable},
		"headers that are none":                         {pullsecrets.TypeDockerConfigJSON, `{"HttpHeaders":[]}`, pullsecrets.ErrUnreadable},
		"the newer file in a Secret of the older type":  {pullsecrets.TypeDockerConfig, `{"auths":{"h.io":{}},"HttpHeaders":"s3cret"}`, pullsecrets.ErrUnreadable},
		"more than is read":                             {pullsecrets.TypeDockerConfig, strings.Repeat(" ", pullsecrets.MaxBytes-1) + `{}`, pullsecrets.ErrTooLong},
	} {
		t.Run(sentence, func(t *testing.T) {
			data := map[string][]byte{pullsecrets.KeyDockerConfigJSON: []byte(test.content), pullsecrets.KeyDockerConfig: []byte(test.content)}
			got, err := pullsecrets.Parse(test.secretType, data)
			if !errors.Is(err, test.want) || got != nil {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
	if _, err := pullsecrets.Parse(pullsecrets.TypeDockerConfig, map[string][]byte{pullsecrets.KeyDockerConfig: []byte(strings.Repeat(" ", pullsecrets.MaxBytes-2) + `{}`)}); err != nil {
		t.Errorf("as much as is read: %v", err)
	}
}

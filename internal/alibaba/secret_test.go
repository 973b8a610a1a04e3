package alibaba

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registry-failover/registry-failover/test/fakecloud/cloud"
)

// TestNothingSaysASecret provokes all that can be said, with errors that quote
// what the gateway has seen, and looks for the secrets in all of it.
func TestNothingSaysASecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := twoRegions(t)
		var said strings.Builder
		secrets := []string{keySecret, "wrong-secret", data.Roles[0].OIDCToken}
		say := func(err error) {
			if err == nil {
				t.Fatal("there is no error")
			}
			fmt.Fprintf(&said, "%v\n%+v\n%#v\n%q\n", err, err, err, err)
		}
		sources := map[string]func(*world) Fetcher{
			"a permanent key": func(*world) Fetcher { return validKey },
			"a wrong key":     func(*world) Fetcher { return static{accessKeyID: keyID, key: newSecret("wrong-secret")} },
			"a session":       func(w *world) Fetcher { return rrsa(t, w, data.Roles[0].OIDCToken) },
		}
		for name, source := range sources {
			w := newWorld(t, data, nil)
			w.keeper.fetcher = source(w)
			calls := map[string]func() error{
				"DescribeZones":         func() error { _, err := w.client.ReadZones(t.Context(), "z.test"); return err },
				"ListInstanceEndpoint":  func() error { _, err := w.client.ReadInstance(t.Context(), "cri-aaaaa", "cn-hangzhou"); return err },
				"GetAuthorizationToken": func() error { _, err := w.client.ReadToken(t.Context(), "cri-aaaaa", "cn-hangzhou"); return err },
				"CreateRepoSyncRule":    func() error { return w.client.Carry(t.Context(), someCalls[0]) },
				"ListRepoSyncRule":      func() error { _, err := w.client.ReadSyncRules(t.Context(), "cri-aaaaa", "cn-hangzhou"); return err },
				"ListRepository": func() error {
					_, err := w.client.ReadRepositories(t.Context(), "cri-aaaaa", "cn-hangzhou", "prod")
					return err
				},
				"AssumeRoleWithOIDC": func() error {
					ctx, cancel := context.WithTimeout(t.Context(), fetchTimeout)
					defer cancel()
					_, err := rrsa(t, w, data.Roles[0].OIDCToken).Fetch(ctx)
					return err
				},
			}
			for action, call := range calls {
				for _, fault := range faults {
					session, err := w.keeper.Session(t.Context())
					if err != nil {
						t.Fatal(name, err)
					}
					secrets = append(secrets, session.key.reveal())
					if token := session.token.reveal(); token != "" {
						secrets = append(secrets, token)
					}
					quote := fmt.Sprintf("you sent %s, %s and %s", session.accessKeyID, session.key.reveal(), url.QueryEscape(session.token.reveal()))
					if action == "AssumeRoleWithOIDC" { // sees no session
						quote = "you sent " + data.Roles[0].OIDCToken
					}
					for _, text := range []*string{&fault.Code, &fault.Message, &fault.Body, &fault.Redirect} {
						*text = strings.NewReplacer("QUOTE", quote, "ESCAPED", url.QueryEscape(quote)).Replace(*text)
					}
					fault.Action = action
					w.Inject(fault)
					say(call())
					w.Heal()
				}
			}
			w.Inject(cloud.Fault{Action: "AssumeRoleWithOIDC", Code: "X", Message: data.Roles[0].OIDCToken})
			for range 30 {
				time.Sleep(longestRetry) // until the session is over
				_, err := w.keeper.Session(t.Context())
				fmt.Fprintln(&said, err)
			}
			w.Heal()
			time.Sleep(longestRetry)
			session, err := w.keeper.Session(t.Context())
			if err != nil {
				t.Fatal(name, err)
			}
			token, err := w.client.ReadToken(t.Context(), "cri-aaaaa", "cn-hangzhou")
			if (err == nil) == (name == "a wrong key") {
				t.Fatal(name, err)
			}
			if _, password := token.Login(); password != "" {
				secrets = append(secrets, password)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&said, verb+verb+verb+verb+"\n", session, &session, w.keeper, session.key)
				fmt.Fprintf(&said, verb+verb+verb+"\n", token, &token, struct{ t Token }{token})
			}
			text, err := json.Marshal([]any{session, token})
			said.Write(text)
			fmt.Fprint(&said, err)
			slog.New(slog.NewJSONHandler(&said, nil)).Info("x", "session", session, "key", session.key, "token", token)
			said.WriteString(w.logs.String())
			families, err := w.metrics.Gather()
			fmt.Fprintln(&said, families, err)
		}
		if said.Len() < 10_000 || !strings.Contains(said.String(), redacted) || !strings.Contains(said.String(), "could not be renewed") {
			t.Fatalf("too little was said to tell:\n%s", &said)
		}
		for _, s := range secrets {
			once := url.QueryEscape(s)
			for _, form := range []string{s, once, url.QueryEscape(once), fmt.Sprintf("%x", s)} {
				if i := strings.Index(said.String(), form); i >= 0 {
					t.Errorf("the secret %q is said: …%s…", form, said.String()[max(0, i-200):min(said.Len(), i+200)])
				}
			}
		}
	})
}

// faults have answers that hold a quotation of the request.
var faults = []cloud.Fault{
	{Code: "SignatureDoesNotMatch", Message: "no. server string to sign is:QUOTE"},
	{Code: "IncompleteSignature", Message: "QUOTE"}, {Code: "Forbidden.RAM", Message: "QUOTE"}, {Code: "Strange", Message: "ESCAPED"},
	{Code: "QUOTE", Message: "none"}, {Unsuccessful: true, Code: "QUOTE"},
	{Body: "QUOTE"}, {Body: "QUOTE", Status: 500}, {Body: `{"Code":"QUOTE","Message":5}`, Status: 400},
	{Drop: true}, {Cut: true}, {DelaySeconds: 3600}, {Redirect: "https://elsewhere.test/?ESCAPED"},
}

package pullsecrets_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// TestNothingPrintsAPassword however a credential or a companion is printed, alone or as a part.
func TestNothingPrintsAPassword(t *testing.T) {
	credential := parse(t, `{"`+hangzhou+`":{"username":"us3r","password":"s3cret"}}`)[0]
	companion := pullsecrets.Derive(endpoints(t), []pullsecrets.Credential{credential})[0]
	content := string(companion.Content())
	type holder struct {
		C pullsecrets.Credential
		P *pullsecrets.Credential
		L []pullsecrets.Credential
		M map[string]pullsecrets.Companion
		D *pullsecrets.Companion
		c pullsecrets.Credential
		d pullsecrets.Companion
	}
	all := holder{credential, &credential, []pullsecrets.Credential{credential}, map[string]pullsecrets.Companion{"k": companion}, &companion, credential, companion}
	values := []any{all, &all, all.L, all.M, credential, &credential, companion, &companion}
	var said strings.Builder
	for _, value := range values {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw!" {
			for _, flags := range []string{"", "+", "#", "-10", " ", "# ", "010.3"} {
				fmt.Fprintf(&said, "%"+flags+string(verb)+"\n", value)
			}
		}
		fmt.Fprintln(&said, value, errors.New(fmt.Sprint(value)))
		text, err := json.Marshal(value)
		if err != nil {
			fmt.Fprintln(&said, err)
		}
		said.Write(text)
		slog.New(slog.NewJSONHandler(&said, nil)).Info("x", "k", value)
		slog.New(slog.NewTextHandler(&said, nil)).Info("x", "k", value)
	}
	for word, times := range map[string]int{"credential for " + hangzhou: 100, shared + "/hangzhou": 100, `"Registry":"` + hangzhou: 3} {
		if strings.Count(said.String(), word) < times {
			t.Fatalf("%q is hardly said, so that the test tells nothing:\n%s", word, &said)
		}
	}
	for _, secret := range []string{"s3cret", "us3r", basic("us3r", "s3cret"), content, content[:20]} {
		for _, form := range []string{
			secret, fmt.Sprintf("%q", secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret), basic("", secret)[4:],
			strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]"), strings.Trim(fmt.Sprintf("%#v", []byte(secret)), "[]byte{}"),
		} {
			if i := strings.Index(said.String(), form); i >= 0 {
				t.Errorf("%s is said: …%s…", form, said.String()[max(0, i-100):min(said.Len(), i+100)])
			}
		}
	}
}

package pullsecrets

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// Companion is what a Secret beside another one holds, for one instance. Whatever
// prints it prints its Holding alone.
type Companion struct {
	Holding

	content func() []byte // a function, as in Credential
}

// Content is that of the key .dockerconfigjson. The same credentials give the same bytes.
func (c Companion) Content() []byte { return c.content() }

// Derive gives the companions of a Secret with these credentials, in the
// configuration's order: none for an endpoint that it has a credential for itself.
func Derive(endpoints []config.Endpoint, credentials []Credential) []Companion {
	var companions []Companion
	for _, e := range endpoints {
		if len(entriesFor(credentials, e.Name)) > 0 {
			continue
		}
		for _, i := range e.Instances {
			if found := entriesOf(credentials, i); len(found) > 0 {
				content := found.content(e.Name)
				companions = append(companions, Companion{Holding{e.Name, i.Name, found.temporary()}, func() []byte { return content }})
			}
		}
	}
	return companions
}

// Content is that of a Secret's key .dockerconfigjson with one credential for a host.
func Content(host, username, password string) []byte {
	return paths{"": NewCredential(host, username, password)}.content(host)
}

func (p paths) content(host string) []byte {
	type auth struct {
		Auth string `json:"auth"`
	}
	auths := map[string]auth{}
	for _, prefix := range slices.Sorted(maps.Keys(p)) {
		username, password := p[prefix].Login()
		auths[denormalize(host, prefix)] = auth{base64.StdEncoding.EncodeToString([]byte(username + ":" + password))}
	}
	content, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		panic(err) // strings
	}
	return content
}

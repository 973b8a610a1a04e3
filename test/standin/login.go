package standin

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Password has a registry ask for a password, as one with an htpasswd file does. It
// is for [Registry.Intercept].
func Password(username, password string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if u, p, _ := r.BasicAuth(); u == username && p == password {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
}

// A Realm is a token service and the registry that it is for
// (https://distribution.github.io/distribution/spec/auth/token/). It has one account.
type Realm struct {
	// URL is where the tokens are, https://HOST/PATH.
	URL string
	// Service is how the registry is called there.
	Service            string
	Username, Password string
	// Repositories are those that the account may pull.
	Repositories []string

	secret string
}

// NewRealm returns one whose tokens nobody can guess.
func NewRealm(url, service, username, password string, repositories ...string) *Realm {
	return &Realm{url, service, username, password, repositories, rand.Text()}
}

// Issue is the token service's side, for [Registry.Intercept]. As real ones do, it
// gives every account that it knows a token, with or without a right in it.
func (m *Realm) Issue(w http.ResponseWriter, r *http.Request) bool {
	if u, p, _ := r.BasicAuth(); u != m.Username || p != m.Password || r.FormValue("service") != m.Service {
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	right := "nothing"
	repository, _ := strings.CutPrefix(r.FormValue("scope"), "repository:")
	if repository, pull := strings.CutSuffix(repository, ":pull"); pull && slices.Contains(m.Repositories, repository) {
		right = repository
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"token": m.secret + "-" + right})
	return true
}

// Guard is the registry's side, for [Registry.Intercept].
func (m *Realm) Guard(w http.ResponseWriter, r *http.Request) bool {
	if right, known := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "+m.secret+"-"); known && strings.HasPrefix(r.URL.Path, "/v2/"+right+"/") {
		return false
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q,service=%q", m.URL, m.Service))
	w.WriteHeader(http.StatusUnauthorized)
	return true
}

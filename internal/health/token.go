package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// TokenService asks the answer's realm for a token as a client without credentials
// does, and without naming a repository. Whether it gives one is its own affair: it
// works when it answers with anything but an error of its own. An error is an
// [*Error]; nil also where no token is wanted.
func (p Prober) TokenService(ctx context.Context, a *Answer) error {
	if a.Realm == nil {
		return nil
	}
	r, err := p.askRealm(ctx, a, "")
	if err != nil {
		return err
	}
	if r.status >= http.StatusInternalServerError {
		return &Error{Request, fmt.Errorf("it says %d %s", r.status, http.StatusText(r.status))}
	}
	return nil
}

// maxToken is far above what a token service answers.
const maxToken = 64 << 10

func (p Prober) askRealm(ctx context.Context, a *Answer, scope string) (*reply, error) {
	realm := *a.Realm
	query := realm.Query()
	if a.Service != "" {
		query.Set("service", a.Service)
	}
	if scope != "" {
		query.Set("scope", scope)
	}
	realm.RawQuery, realm.User, realm.Fragment = query.Encode(), (*url.Userinfo)(nil), ""
	return p.fetch(ctx, nil, newGet(&realm), maxToken)
}

// anonymousToken is one for pulls from the repository that the realm gives to
// everybody; [ErrNeedsCredentials] where it gives none.
func (p Prober) anonymousToken(ctx context.Context, a *Answer, repository string) (string, error) {
	if a.Realm == nil {
		return "", ErrNeedsCredentials // it wants a password, or can't be understood
	}
	r, err := p.askRealm(ctx, a, "repository:"+repository+":pull")
	switch {
	case err != nil:
		return "", err
	case r.status >= http.StatusInternalServerError:
		return "", &Error{Request, fmt.Errorf("its token service says %d %s", r.status, http.StatusText(r.status))}
	case r.status != http.StatusOK:
		return "", ErrNeedsCredentials
	}
	var given struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(r.body, &given); err != nil {
		return "", &Error{Request, errors.New("its token service gives no JSON")}
	}
	if given.Token == "" {
		given.Token = given.AccessToken
	}
	if given.Token == "" {
		return "", ErrNeedsCredentials
	}
	return given.Token, nil
}

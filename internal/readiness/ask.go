package readiness

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
	"github.com/registry-failover/registry-failover/internal/registrylogin"
	"github.com/registry-failover/registry-failover/internal/registryread"
)

// mostCredentials are tried for one image: a list may be long, and each is a refusal.
const mostCredentials = 5

// A header asks an instance for the digest of an image. It is [registryread.Reader].
type header interface {
	Head(ctx context.Context, c pullsecrets.Credential, image registrylogin.Image) (digest string, err error)
}

// An elsewhereError tells nothing of the instance.
type elsewhereError struct{ error }

func (e elsewhereError) Unwrap() error { return e.error }

// ask puts a question, once for each different list of credentials among its pullers.
func ask(ctx context.Context, h header, k *keys, q *Question, instance string) Answer {
	answers := map[string]Answer{} // of one puller each
	whole := Answer{lasting: true}
	for _, p := range q.Pullers {
		r, err := k.ring(ctx, p, q.Image, instance)
		if err != nil {
			return Answer{err: elsewhereError{err}}
		}
		key := r.key()
		a, asked := answers[key]
		if !asked {
			if a = askWith(ctx, h, q.Image, r); a.err != nil {
				return a
			}
			answers[key] = a
		}
		whole.outcomes = append(whole.outcomes, a.outcomes[0])
		whole.lasting = whole.lasting && a.lasting
		if a.digest != "" {
			whole.digest = a.digest
		}
		if whole.reason == "" || a.outcomes[0] == refused {
			whole.reason = a.reason
		}
	}
	return whole
}

// key tells keyrings apart that may lead to different answers.
func (r keyring) key() string {
	var key strings.Builder
	key.WriteString(r.doubt)
	for _, c := range r.credentials {
		username, password := c.Login()
		fmt.Fprintf(&key, "\x00%d:%s%s", len(username), username, password)
	}
	return key.String()
}

// askWith tries the credentials in turn, as kubelet does, or none where there is none.
func askWith(ctx context.Context, h header, image Image, r keyring) Answer {
	tried := r.credentials
	if len(tried) == 0 {
		tried = []pullsecrets.Credential{{}}
	}
	var last error
	for _, c := range tried[:min(len(tried), mostCredentials)] {
		digest, err := h.Head(ctx, c, image.Image)
		switch {
		case err == nil:
			return Answer{outcomes: []outcome{found}, digest: digest}
		case errors.Is(err, registryread.ErrMissing):
			return Answer{outcomes: []outcome{missing}, reason: err.Error()}
		case !errors.Is(err, registrylogin.ErrRefused):
			return Answer{err: err}
		}
		last = err
	}
	switch {
	case r.doubt != "":
		return Answer{outcomes: []outcome{untried}, reason: r.doubt, lasting: r.lasting}
	case len(r.credentials) == 0:
		return Answer{outcomes: []outcome{refused}, reason: "none of the pods' pull secrets is for the shared endpoint"}
	}
	return Answer{outcomes: []outcome{refused}, reason: "none of the pods' pull secrets does: " + last.Error()}
}

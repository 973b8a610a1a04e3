package alibaba

import (
	"context"
	"time"
)

// A Session is what calls are signed with. Its secrets can't be printed.
type Session struct {
	accessKeyID string
	key         secret
	token       secret // empty with a permanent AccessKey
	// Expires is when the cloud ends the session; zero when that isn't known,
	// as of an AccessKey, which has no end.
	Expires time.Time
}

// complete tells whether all that signs a call is there.
func (s Session) complete() bool { return s.accessKeyID != "" && s.key.reveal() != "" }

// ended tells whether the session's time is over, as far as that is known.
func (s Session) ended() bool { return !s.Expires.IsZero() && !time.Now().Before(s.Expires) }

// sameKeys tells whether two sessions sign alike, which == doesn't.
func (s Session) sameKeys(other Session) bool {
	return s.accessKeyID == other.accessKeyID && s.key.reveal() == other.key.reveal() && s.token.reveal() == other.token.reveal()
}

// A Fetcher gets a session from where it is issued or kept.
type Fetcher interface {
	// Fetch returns a complete session or an error without secrets.
	Fetch(ctx context.Context) (Session, error)
}

// A secret can't be printed, not even inside a struct's unexported field, where
// fmt calls no method: it prints as an address.
type secret struct{ text *string }

func newSecret(text string) secret {
	if text == "" {
		return secret{}
	}
	return secret{&text}
}

// reveal returns the text, empty for the zero secret.
func (s secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

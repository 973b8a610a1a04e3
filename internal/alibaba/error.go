package alibaba

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// maxDetail is how much of a service's own sentence an error carries.
const maxDetail = 200

// An Error says which call failed, and how. It carries no secret, and nothing
// that differs from one call to the next, so that it can be published.
type Error struct {
	Service string // pvtz, cr, sts or metadata
	Action  string
	Kind    Kind
	// Code is the service's, empty when it gave none.
	Code string
	// RequestID is what the cloud's support asks for. It isn't part of the
	// sentence, because it is a new one each time.
	RequestID string

	detail string
}

// Error is one sentence with a remedy where there is one.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s failed", e.Service, e.Action)
	if e.Code != "" {
		text += ": " + e.Code
	}
	if e.detail != "" {
		text += ": " + e.detail
	}
	return text + e.remedy()
}

func (e *Error) remedy() string {
	switch e.Kind {
	case Unauthenticated:
		return "; check the credentials"
	case ClockSkew:
		return "; the cloud allows 15 minutes: set this node's clock"
	case Denied:
		return fmt.Sprintf("; allow %s in the RAM policy", Right(e.Service, e.Action))
	default:
		return ""
	}
}

// KindOf tells the kind of an error of this package, Temporary for any other,
// such as a context that ended.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Temporary
}

// clean makes a foreign sentence fit to be published: without the session's
// secrets, as they are or escaped, without the request's id, on one line, short.
func clean(text, requestID string, session Session) string {
	// The gateway quotes all parameters, the security token with them, where a signature doesn't fit.
	if i := strings.Index(text, "server string to sign"); i >= 0 {
		text = strings.TrimRight(text[:i], " :;,.")
	}
	for _, s := range []string{session.key.reveal(), session.token.reveal(), session.accessKeyID} {
		if s == "" {
			continue
		}
		once := url.QueryEscape(s)
		for _, form := range []string{s, once, url.QueryEscape(once)} {
			text = strings.ReplaceAll(text, form, redacted)
		}
	}
	if requestID != "" {
		text = strings.ReplaceAll(text, requestID, "")
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "…"
	}
	return text
}

// network tells what kind of failure kept a call from being answered. One who
// answers without the right certificate will do so again.
func network(err error) Kind {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted || errors.Is(err, http.ErrSchemeMismatch) {
		return Refused
	}
	return Temporary
}

// withoutURL takes off what net/http puts around an error: the URL, whose
// query carries the session's token.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

package inputs

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// verb is what RBAC calls a kind of request.
type verb string

const (
	verbGet   verb = "get"
	verbList  verb = "list"
	verbWatch verb = "watch"
)

// outage is a time during which requests of one verb fail.
type outage struct {
	verb  verb
	since time.Time
	err   error
}

// outages are those that last, by verb. A list that works doesn't end the outage
// of a watch that doesn't: otherwise the two would take turns.
type outages map[verb]*outage

// note begins or continues an outage. One that continues keeps its first error as
// long as it is of the same kind, so that what is told doesn't change with every
// attempt.
func (o *outages) note(v verb, err error) {
	if *o == nil {
		*o = outages{}
	}
	switch now := (*o)[v]; {
	case passing(err):
	case now == nil:
		(*o)[v] = &outage{v, time.Now(), err}
	case apierrors.ReasonForError(now.err) != apierrors.ReasonForError(err):
		now.err = err
	}
}

func (o outages) end(v verb) { delete(o, v) }

// passing says that the API server no longer has, or doesn't yet have, the
// version that was asked for: the next list asks for another one.
func passing(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) ||
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}

// worst is the outage to tell of, or nil.
func (o outages) worst() *outage {
	for _, v := range []verb{verbGet, verbList, verbWatch} {
		if o[v] != nil {
			return o[v]
		}
	}
	return nil
}

// sentence says what can't be done since when, why, and what to do about it
// where that is known.
func (o *outage) sentence(namespace, name string, known bool) string {
	err := o.err
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // its text begins with a URL of some lines
	}
	text := fmt.Sprintf("%s: %s has failed since %s: %v", reference(namespace, name), o.verb, o.since.UTC().Format(time.RFC3339), err)
	if apierrors.IsForbidden(o.err) {
		text += fmt.Sprintf("; a Role in namespace %s must allow get, list and watch on configmaps with resourceNames [%s]", namespace, name)
	}
	if known {
		text += "; what was read before stays"
	}
	return text
}

func reference(namespace, name string) string { return "ConfigMap " + namespace + "/" + name }

package stragglers

import (
	"errors"
	"io"
	"net/http"
)

// maxAnswer is how much of an answer is read: 100 pods are 1 MiB as a rule, 100
// nodes 3 MiB, and each may be 1.5 MiB, which is what etcd takes. In memory it is
// six times as much.
const maxAnswer = 16 << 20

// errLong is logged by client-go too.
var errLong = errors.New("the page is longer than 16 MiB: a smaller one is asked for")

// LimitAnswers is for rest.Config.Wrap, where memory is limited: the pods of
// others can be large, and a page that is too long is read no further. Pods and
// Held.Look ask for a smaller one then.
func LimitAnswers(next http.RoundTripper) http.RoundTripper { return limited{next} }

type limited struct{ next http.RoundTripper }

// RoundTrip is part of http.RoundTripper.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &limitedBody{response.Body, maxAnswer}
	return response, nil
}

type limitedBody struct {
	io.ReadCloser
	left int
}

// Read is part of io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return n, errLong
	}
	return n, err
}

package switching

import (
	"net/http"
	"sync/atomic"
	"time"
)

// A Clock goes by the API server's, as far as its answers tell that: what the rules and the
// proof compare was noted by the cluster's clocks, and the caller's may be another. Nil, and
// while nothing has been answered, it is the caller's.
type Clock struct{ skew atomic.Int64 }

// Now is the time by the API server's clock.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Skew()) }

// Skew is how far the API server's clock is ahead of the caller's, as much of it as is certain.
func (c *Clock) Skew() time.Duration {
	if c == nil {
		return 0
	}
	return time.Duration(c.skew.Load())
}

// Wrap lets the clock read the answers.
func (c *Clock) Wrap(next http.RoundTripper) http.RoundTripper { return clockReader{c, next} }

type clockReader struct {
	clock *Clock
	next  http.RoundTripper
}

// RoundTrip reads the header Date, which is in whole seconds, and of a moment between the
// question and the answer.
func (r clockReader) RoundTrip(request *http.Request) (*http.Response, error) {
	asked := time.Now()
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return response, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil { // else nothing is told
		r.clock.skew.Store(int64(skew(date, asked, time.Now())))
	}
	return response, nil
}

func skew(date, asked, answered time.Time) time.Duration {
	switch {
	case date.After(answered):
		return date.Sub(answered)
	case date.Add(time.Second).Before(asked):
		return date.Add(time.Second).Sub(asked)
	}
	return 0
}

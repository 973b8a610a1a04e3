package alibaba

import (
	"context"
	"errors"
	"fmt"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
)

// attempts is how often a call is made that is throttled or fails for a time.
const attempts = 4

// A call is one action of a service.
type call struct {
	service, action string
	address, region string
	// do makes the call with a client that is ready. Its error is the SDK's, or
	// an *Error for an answer that isn't one.
	do func(client sdk.Client) error
}

// try makes a call until it succeeds, fails for good, has failed often enough,
// or ctx has no time left. The error is the last that says why.
func (c *Client) try(ctx context.Context, what call) error {
	var last error
	var session Session
	for n := range attempts {
		before := session
		var err error
		if session, err = c.session(ctx); err != nil {
			return err
		}
		if last != nil && KindOf(last) == Expired && session.sameKeys(before) { // as from a Secret that nobody has replaced
			return last
		}
		err = c.once(ctx, what, session)
		if last != nil && errors.Is(err, ErrNoTime) {
			return last
		}
		if last = err; err == nil {
			return nil
		}
		switch KindOf(err) {
		case Throttled: // the budget waits
		case Expired: // the keeper may have another session, or says why not
		case Temporary:
			if n < attempts-1 && sleep(ctx, backoff(firstPause, longestPause, n)) != nil {
				return err
			}
		default:
			return err
		}
	}
	return last
}

// ErrNoTime says that a call wasn't made, because the caller's time is over.
var ErrNoTime = errors.New("there was no time left for the call")

// once makes a call when it is its turn.
func (c *Client) once(ctx context.Context, what call, session Session) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%s %s: %w: %w", what.service, what.action, ErrNoTime, ctx.Err())
	}
	waited, err := c.budget.wait(ctx)
	c.metrics.waited.Add(waited.Seconds())
	if err != nil {
		return fmt.Errorf("%s %s: %w: %w", what.service, what.action, ErrNoTime, err)
	}
	err = c.sign(ctx, what, session)
	if err == nil {
		c.budget.succeeded()
		c.metrics.calls.WithLabelValues(what.service, what.action, outcomeOK).Inc()
		return nil
	}
	kind := KindOf(err)
	c.metrics.calls.WithLabelValues(what.service, what.action, string(kind)).Inc()
	switch kind {
	case Throttled:
		c.budget.throttled()
	case Expired, Unauthenticated:
		c.sessions.Reject(session)
	}
	return err
}

// sign makes the call with a session. The SDK panics where an error's answer
// has other types than it expects, such as {"RequestId":5}.
func (c *Client) sign(ctx context.Context, what call, session Session) (err error) {
	defer func() {
		if recover() != nil { // what it is may hold a part of the answer
			err = &Error{Service: what.service, Action: what.action, Kind: Malformed, detail: "the SDK could not read the answer"}
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var client sdk.Client
	if err := c.prepare(ctx, &client, what.address, what.region, session); err != nil {
		return &Error{Service: what.service, Action: what.action, Kind: Refused, detail: clean(err.Error(), "", session)}
	}
	return translate(what.do(client), what, session)
}

// translate makes an *Error of the SDK's, whose own sentences hold all headers
// of the answer, the URL with the session's token, or parts of the answer.
func translate(err error, what call, session Session) error {
	if err == nil {
		return nil
	}
	e := &Error{Service: what.service, Action: what.action, Kind: Temporary}
	if own, ok := errors.AsType[*Error](err); ok {
		own.Service, own.Action = what.service, what.action
		own.Code, own.detail = clean(own.Code, own.RequestID, session), clean(own.detail, own.RequestID, session)
		return own
	}
	if server, ok := errors.AsType[*sdkerrors.ServerError](err); ok {
		e.RequestID = server.RequestId()
		e.Code = clean(server.ErrorCode(), e.RequestID, session)
		e.Kind = classify(e.Code, server.HttpStatus())
		e.detail = clean(server.Message(), e.RequestID, session)
		if e.Code == "" { // then the message is the whole page of whatever answered
			e.detail = fmt.Sprintf("HTTP status %d without an error code", server.HttpStatus())
		}
		return e
	}
	if client, ok := errors.AsType[*sdkerrors.ClientError](err); ok {
		e.Code, e.Kind = client.ErrorCode(), Refused
		if e.Code == sdkerrors.JsonUnmarshalErrorCode {
			e.Kind, e.Code, e.detail = Malformed, "", "the answer isn't the JSON that the API documents"
		}
		return e
	}
	e.Kind, e.detail = network(err), clean(withoutURL(err).Error(), "", session)
	return e
}

package health

import (
	"context"
	"errors"
	"net"
)

// Cause is what went wrong in few words, without the addresses and the name of
// whoever was asked, so that it reads the same wherever it was asked from.
func (e *Error) Cause() string {
	if name, ok := errors.AsType[*net.DNSError](e.Err); ok {
		return plain{&net.DNSError{Err: name.Err, IsNotFound: true}}.Error()
	}
	if cause, ok := errors.AsType[plain](e.Err); ok {
		return cause.Error()
	}
	return plain{e.Err}.Error()
}

// Timeout says that nothing came within the time that there was.
func (e *Error) Timeout() bool {
	var slow interface{ Timeout() bool }
	return errors.Is(e.Err, context.DeadlineExceeded) || errors.As(e.Err, &slow) && slow.Timeout()
}

package dnsserver

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// isPassing tells whether the next call may succeed where this one failed: the
// system is short of something, or the client went away again (accept(2)).
func isPassing(err error) bool {
	for _, passing := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// pause leaves the system some time to get what it is short of.
func pause(ctx context.Context) {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-ctx.Done():
	}
}

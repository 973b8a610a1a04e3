//go:build !linux

package connections

import (
	"context"
	"errors"
	"net/netip"
)

var errNotLinux = errors.New("connections can't be reset: only Linux has SOCK_DESTROY")

// Reset destroys nothing here, and says so.
func Reset([]netip.Addr, uint16) (int, error) { return 0, errNotLinux }

// Check says that nothing can be destroyed here.
func Check(context.Context) error { return errNotLinux }

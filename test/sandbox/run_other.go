//go:build !linux

package sandbox

import "context"

// Supported returns ErrUnsupported where no sandbox can be made.
func Supported() error { return ErrUnsupported }

// Run needs Linux.
func Run(context.Context, Options, func(Box) int) (int, error) { return 0, ErrUnsupported }

// Bind needs Linux.
func Bind(string, string) error { return ErrUnsupported }

// Mask needs Linux.
func Mask(string, ...string) error { return ErrUnsupported }

// Stop needs Linux.
func Stop(string) error { return ErrUnsupported }

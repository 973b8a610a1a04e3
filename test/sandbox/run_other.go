//go:build !linux

package sandbox

// Supported returns ErrUnsupported where no sandbox can be made.
func Supported() error { return ErrUnsupported }

// Run needs Linux.
func Run(Options, func(Box) int) (int, error) { return 0, ErrUnsupported }

// Bind needs Linux.
func Bind(string, string) error { return ErrUnsupported }

// Stop needs Linux.
func Stop(string) error { return ErrUnsupported }

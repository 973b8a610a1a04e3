//go:build !linux

package nodehosts

import "golang.org/x/sys/unix"

const (
	noReplace = 1
	exchange  = 2
)

// rename knows no flags here, and says so as a file system does that knows none.
func rename(from, to string, flags uint) error {
	if flags != 0 {
		return unix.EINVAL
	}
	return unix.Rename(from, to)
}

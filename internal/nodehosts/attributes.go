package nodehosts

import (
	"bytes"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// keepAttributes copies the extended attributes of the file, such as an access
// control list or the label of a security module. What the system refuses is
// left out: a node without its block is worse.
func keepAttributes(path string, to *os.File) {
	names := grown(func(b []byte) (int, error) { return unix.Listxattr(path, b) })
	for name := range strings.SplitSeq(string(bytes.TrimSuffix(names, []byte{0})), "\x00") {
		if value := grown(func(b []byte) (int, error) { return unix.Getxattr(path, name, b) }); value != nil {
			_ = unix.Fsetxattr(int(to.Fd()), name, value, 0)
		}
	}
}

// grown reads what tells its size when it is asked with no room; nil is an error.
func grown(read func([]byte) (int, error)) []byte {
	size, err := read(nil)
	if err != nil {
		return nil
	}
	b := make([]byte, size)
	size, err = read(b)
	if err != nil {
		return nil
	}
	return b[:size]
}

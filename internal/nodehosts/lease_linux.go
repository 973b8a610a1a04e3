package nodehosts

import (
	"errors"

	"golang.org/x/sys/unix"
)

// lease tells of others who have a file open for writing, F_SETLEASE in fcntl(2).
// While it is held they wait when they open the file, so it is held for one look.
type lease struct {
	fd             int
	taken, refused bool
}

// takeLease asks for a lease. Where there is none to be had, because the file
// isn't there or its file system knows none, nothing is known of others.
func takeLease(path string) lease {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return lease{fd: -1}
	}
	_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	return lease{fd: fd, taken: err == nil, refused: errors.Is(err, unix.EAGAIN)}
}

// disturbed says whether somebody has had the file open for writing, or wanted to.
func (l lease) disturbed() bool {
	if !l.taken {
		return l.refused
	}
	kind, err := unix.FcntlInt(uintptr(l.fd), unix.F_GETLEASE, 0)
	return err == nil && kind != unix.F_RDLCK
}

func (l lease) release() {
	if l.fd >= 0 {
		_ = unix.Close(l.fd)
	}
}

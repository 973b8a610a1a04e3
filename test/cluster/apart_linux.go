package cluster

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// apart lets a process begin in namespaces of its own.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS}
}

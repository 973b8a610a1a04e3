//go:build !linux

package cluster

import "syscall"

// apart is for Linux; elsewhere there is no cluster.
func apart() *syscall.SysProcAttr { return nil }

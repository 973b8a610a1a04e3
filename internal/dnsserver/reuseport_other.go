//go:build !linux

package dnsserver

import "syscall"

// udpSockets is 1 where the system doesn't spread clients over several sockets.
func udpSockets() int { return 1 }

func sharePort(_, _ string, _ syscall.RawConn) error { return nil }

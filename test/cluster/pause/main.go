// Command pause holds namespaces open until it is told to end: a pod's, or a
// node's, where it is process 1.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGCHLD) // so that no orphan stays when it has ended
	<-end
}

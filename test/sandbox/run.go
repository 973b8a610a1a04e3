package sandbox

import (
	"errors"
	"os"
	"path/filepath"
)

// Options of a sandbox.
type Options struct {
	// Env is set for the function, besides the caller's own environment.
	Env []string
	// Detach lets the sandbox outlive the caller: Run returns as soon as the
	// function has called Box.Ready, and Stop ends it.
	Detach bool
	// Listener is a socket outside that the function gets as Box.Listener.
	Listener *os.File
}

// Box is what the function knows of its sandbox.
type Box struct {
	// Dir is a directory outside. It is kept when the function failed by
	// itself, for its logs.
	Dir string
	// Listener is what Options.Listener was; nil without one.
	Listener *os.File
}

// Ready tells a caller that detaches that it may go.
func (b Box) Ready() error { return os.WriteFile(readyFile(b.Dir), nil, 0o600) }

// ErrUnsupported says what a sandbox needs.
var ErrUnsupported = errors.New("this needs Linux and root, because it runs in namespaces of its own")

// prefix begins the names of directories and cgroups.
const prefix = "registry-failover-"

// What a process has to know stands in its environment.
const (
	stageVariable    = "REGISTRY_FAILOVER_SANDBOX"
	dirVariable      = "REGISTRY_FAILOVER_SANDBOX_DIR"
	cgroupsVariable  = "REGISTRY_FAILOVER_SANDBOX_CGROUPS"
	detachedVariable = "REGISTRY_FAILOVER_SANDBOX_DETACHED"
)

// Outside tells whether this process is the caller, before any namespace.
func Outside() bool { return os.Getenv(stageVariable) == "" }

// FromOutside is the path by which a file of the sandbox is found outside.
func (b Box) FromOutside(path string) (string, error) {
	pid, err := os.ReadFile(initFile(b.Dir))
	return filepath.Join("/proc", string(pid), "root", path), err
}

func readyFile(dir string) string  { return filepath.Join(dir, "ready") }
func initFile(dir string) string   { return filepath.Join(dir, "init.pid") }
func outputFile(dir string) string { return filepath.Join(dir, "output.log") }

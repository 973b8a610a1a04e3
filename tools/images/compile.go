package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
)

const module = "github.com/registry-failover/registry-failover"

// compileArgs are the arguments of go that build packages into a directory. The
// Makefile's flags, with two more: git stamps nothing, because a clone without
// tags, or no clone at all, would give other bytes; the version is linked in.
func compileArgs(tag, out string, packages ...string) []string {
	return append([]string{
		"build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w -X " + module + "/internal/diagnostics.version=" + tag, "-o", out,
	}, packages...)
}

// compileEnv is the environment on top of the user's. It sets what decides about
// the bytes to Go's defaults, whatever the user prefers for other builds.
func compileEnv(architecture string) []string {
	return []string{
		"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + architecture,
		"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOWORK=off",
		"GOFIPS140=off", "GOEXPERIMENT=",
	}
}

// compile builds packages, given as paths from root, into the directory out.
func compile(ctx context.Context, root, architecture, tag, out string, stderr io.Writer, packages ...string) error {
	command := exec.CommandContext(ctx, "go", compileArgs(tag, out+string(os.PathSeparator), packages...)...)
	command.Dir = root
	command.Env = append(os.Environ(), compileEnv(architecture)...)
	command.Stderr = stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("could not build the programs for %s: %w", architecture, err)
	}
	return nil
}

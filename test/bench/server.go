package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// startTimeout is how long a program may take until it answers.
const startTimeout = 15 * time.Second

// A server is a program that was started to be measured.
type server struct {
	pid   int
	addr  string // where it answers DNS
	stop  func() // ends the program and waits for its end
	hosts string // the resolver's hosts file
	dir   string // the resolver's --dir
}

// start runs a program until ctx ends or stop is called. Each line that it
// prints goes to seen, from one goroutine.
func start(ctx context.Context, seen func(line string), program string, args ...string) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	read, write, err := os.Pipe()
	if err != nil {
		cancel()
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	_ = write.Close() // the program has its own copy
	if err != nil {
		cancel()
		_ = read.Close()
		return nil, fmt.Errorf("could not start %s: %w", program, err)
	}
	var printed sync.WaitGroup
	printed.Go(func() {
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			seen(lines.Text())
		}
		// A line too long for the scanner must not block the program.
		_, _ = io.Copy(io.Discard, read)
		_ = read.Close()
	})
	return &server{pid: cmd.Process.Pid, stop: func() {
		cancel()
		_ = cmd.Wait() // says only that it was ended
		printed.Wait()
	}}, nil
}

// A tail keeps the last lines that a program printed, for an error message.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines[max(0, len(t.lines)-9):], line)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(slices.Clone(t.lines), "\n")
}

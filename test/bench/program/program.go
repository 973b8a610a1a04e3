// Package program runs the programs that are measured.
package program

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

// StartTimeout is how long a program may take until it answers.
const StartTimeout = 15 * time.Second

// A Program was started to be measured.
type Program struct {
	PID  int
	Stop func() // ends the program and waits for its end
}

// Start runs a program until ctx ends or Stop is called. Each line that it
// prints goes to seen, from one goroutine.
func Start(ctx context.Context, seen func(line string), program string, args ...string) (*Program, error) {
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
	return &Program{PID: cmd.Process.Pid, Stop: func() {
		cancel()
		_ = cmd.Wait() // says only that it was ended
		printed.Wait()
	}}, nil
}

// A Tail keeps the last lines that a program printed, for an error message.
type Tail struct {
	mu    sync.Mutex
	lines []string
}

// Add notes a line.
func (t *Tail) Add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines[max(0, len(t.lines)-9):], line)
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(slices.Clone(t.lines), "\n")
}

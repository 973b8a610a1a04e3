package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// program is one of the product's programs, started as a user would.
type program struct {
	name    string
	command *exec.Cmd
	mu      sync.Mutex
	log     bytes.Buffer
	read    chan struct{} // closed when the log has ended
}

// startProgram starts a program and returns where it listens, for the given
// protocols; it tells so in its log.
func startProgram(ctx context.Context, bin, name string, protocols []string, args ...string) (*program, map[string]string, error) {
	return startProgramWith(ctx, nil, bin, name, protocols, args...)
}

// startProgramWith adds to the environment.
func startProgramWith(ctx context.Context, env []string, bin, name string, protocols []string, args ...string) (*program, map[string]string, error) {
	p := &program{name: name, read: make(chan struct{})}
	p.command = exec.CommandContext(ctx, filepath.Join(bin, name), append(args, "--log-format", "json", "--metrics", "127.0.0.1:0")...)
	p.command.Cancel = func() error { return p.command.Process.Signal(syscall.SIGTERM) }
	p.command.Env = append(os.Environ(), env...)
	stderr, err := p.command.StderrPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, nil, fmt.Errorf("%s could not be started: %w; run make build first", name, err)
	}
	listening := make(chan map[string]string, 1)
	go p.follow(stderr, protocols, listening)
	select {
	case addresses := <-listening:
		return p, addresses, nil
	case <-p.read:
	case <-time.After(10 * time.Second):
	}
	p.showLog()
	p.stop()
	return nil, nil, fmt.Errorf("%s does not listen", name)
}

// follow keeps the log, and tells once from protocol to address where the program listens.
func (p *program) follow(stderr io.Reader, protocols []string, listening chan<- map[string]string) {
	defer close(p.read)
	addresses := map[string]string{}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.log.Write(append(lines.Bytes(), '\n'))
		p.mu.Unlock()
		var line struct{ Msg, Proto, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			continue
		}
		addresses[line.Proto] = line.Addr
		complete := true
		for _, wanted := range protocols {
			complete = complete && addresses[wanted] != ""
		}
		if complete && listening != nil {
			listening <- addresses
			listening = nil
		}
	}
}

func (p *program) showLog() {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(os.Stderr, "\nthe log of %s:\n%s", p.name, p.log.String())
}

// stop asks the program to end, and ends it after five seconds.
func (p *program) stop() {
	_ = p.command.Cancel()
	late := time.AfterFunc(5*time.Second, func() { _ = p.command.Process.Kill() })
	defer late.Stop()
	<-p.read // Wait closes the pipe, so everything has to be read first
	_ = p.command.Wait()
}

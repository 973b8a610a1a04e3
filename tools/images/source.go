package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// moduleRoot is the directory of the module that the command is called in.
func moduleRoot(ctx context.Context) (string, error) {
	file, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("could not ask go for the module: %w", err)
	}
	path := strings.TrimSpace(string(file))
	if path == "" || path == os.DevNull {
		return "", errors.New("no Go module is here: call the command in the repository")
	}
	return filepath.Dir(path), nil
}

// programs are the names below cmd/ that get an image: all but kubectl plugins,
// which run on people's machines.
func programs(root string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, "cmd"))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), "kubectl-") {
			found = append(found, entry.Name())
		}
	}
	return found, nil
}

// revision is the commit that is checked out in root, with -dirty after it when
// the files aren't the commit's: such a build can't be repeated.
func revision(ctx context.Context, root string) (string, error) {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			first, _, _ := strings.Cut(string(exit.Stderr), "\n")
			err = errors.New(first)
		}
		if err != nil {
			return "", fmt.Errorf("git doesn't tell the commit (%w): name it with --revision", err)
		}
		return strings.TrimSuffix(string(out), "\n"), nil
	}
	head, err := git("rev-parse", "--show-prefix", "HEAD")
	if err != nil {
		return "", err
	}
	prefix, commit, _ := strings.Cut(head, "\n")
	if prefix != "" {
		return "", fmt.Errorf("%s is inside another repository, whose commit says nothing of it: name the commit with --revision", root)
	}
	changes, err := git("status", "--porcelain")
	if err != nil {
		return "", err
	}
	if changes != "" {
		commit += "-dirty"
	}
	return commit, nil
}

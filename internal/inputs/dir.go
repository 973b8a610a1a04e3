package inputs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/registry-failover/registry-failover/internal/filewatch"
	"github.com/registry-failover/registry-failover/internal/fserror"
)

// maxValue is how much of a file is read: one byte more than a value may have,
// so that whoever parses it sees that it is too long, and nothing bigger is held.
const maxValue = 64<<10 + 1

// Dir reads DIR/switch/<endpoint> and DIR/state/<endpoint>, laid out as mounted
// ConfigMaps are: names that start with a dot and directories are skipped,
// symlinks are followed. Files must be replaced by rename, so that none is ever
// seen half written.
//
// publish is called with the first snapshot and with each that differs from the
// one before, never twice at the same time. Dir returns nil when ctx ends.
func Dir(ctx context.Context, dir string, publish func(Snapshot)) error {
	switchDir, stateDir := filepath.Join(dir, "switch"), filepath.Join(dir, "state")
	b := &board{publish: publish}
	return filewatch.Watch(ctx, []string{switchDir, stateDir}, func() {
		b.update(func(s *Snapshot) {
			s.Switch = readDir(switchDir, s.Switch)
			s.State = readDir(stateDir, s.State)
		})
	})
}

// readDir reads one directory; last is what was known of it before, and stays
// when the directory is there but can't be listed.
func readDir(dir string, last Object) Object {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Object{Known: true, Problem: fmt.Sprintf("directory %s does not exist", dir)}
	case err != nil:
		last.Problem = fmt.Sprintf("directory %s can't be read: %v", dir, fserror.Cause(err))
		return last
	}
	values, unreadable := map[string]string{}, map[string]string{}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		value, err := readValue(filepath.Join(dir, name))
		switch {
		case errors.Is(err, errNoValue):
		case err != nil:
			unreadable[name] = fmt.Sprintf("%s can't be read: %v", filepath.Join(dir, name), fserror.Cause(err))
		default:
			values[name] = value
		}
	}
	return Object{Known: true, Values: values, Unreadable: unreadable}
}

// errNoValue says that a directory entry is none of the values.
var errNoValue = errors.New("not a value")

// ReadFile gives what stands in one of the files that [Dir] reads, and
// [fs.ErrNotExist] where no value does.
func ReadFile(path string) (string, error) {
	value, err := readValue(path)
	if errors.Is(err, errNoValue) {
		return "", fs.ErrNotExist
	}
	return value, err
}

func readValue(path string) (string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return "", errNoValue // it went while the directory was read
		}
		return "", errors.New("it is a symlink that leads nowhere")
	}
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", errNoValue
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a regular file") // to open a pipe would wait for a writer
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	value, err := io.ReadAll(io.LimitReader(file, maxValue))
	return string(value), err
}

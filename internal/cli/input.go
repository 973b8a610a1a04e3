package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/registry-failover/registry-failover/pkg/config"
)

// readConfig returns an error with one line for each problem.
func readConfig(in *input, file string) (*config.Config, error) {
	data, err := in.read(file, config.MaxBytes)
	if err != nil {
		return nil, err
	}
	return parseConfig(title(file), data)
}

func parseConfig(name string, data []byte) (*config.Config, error) {
	c, err := config.Parse(data)
	if err != nil {
		lines := strings.Split(err.Error(), "\n")
		for i, line := range lines {
			lines[i] = name + ": " + line
		}
		return nil, errors.New(strings.Join(lines, "\n"))
	}
	return c, nil
}

// input reads files, and stdin where the name is -.
type input struct {
	stdin    io.Reader
	consumed bool // stdin was read; a second time it would be empty
}

func (in *input) read(file string, limit int64) ([]byte, error) {
	if file != "-" {
		return readFile(file, limit)
	}
	if in.consumed {
		return nil, errors.New("stdin can be read once: give - once")
	}
	in.consumed = true
	return readAll(in.stdin, file, limit)
}

// readFile reads one byte more than limit at most, so that what parses the
// data can see, and say, that it is too long.
func readFile(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: name a file", visible(file))
	}
	return readAll(f, file, limit)
}

func readAll(r io.Reader, file string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, unreadable(file, err)
	}
	return data, nil
}

func unreadable(file string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("%s can't be read: %w", title(file), err)
}

// title is how messages name a file.
func title(file string) string {
	if file == "-" {
		return "stdin"
	}
	return visible(file)
}

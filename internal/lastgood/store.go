// Package lastgood keeps the last good bytes of named things on disk, so that a
// program that restarts without its sources goes on where it was.
package lastgood

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Store is a directory of last good bytes. It may be used by several goroutines,
// and several programs may share the directory.
//
// The first line of a file is the SHA-256 of the rest, in hex.
type Store struct{ dir string }

// Open makes the directory if it is missing. An empty name gives a Store
// that holds nothing.
func Open(dir string) (*Store, error) {
	if dir == "" {
		return &Store{}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cache directory: %w", err)
	}
	return &Store{dir: dir}, nil
}

// Save puts data in the place of what is there under the name, by rename, after
// it has reached the disk. When the same is there already nothing is written.
func (c *Store) Save(name string, data []byte) error {
	path, err := c.path(name)
	if err != nil || c.dir == "" {
		return err
	}
	sealed := seal(data)
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, sealed) {
		return nil
	}
	if err := replace(path, sealed); err != nil {
		return fmt.Errorf("cache %s: %w", name, err)
	}
	return nil
}

// Load returns what was saved last under the name, or fs.ErrNotExist. A file
// that was damaged since is renamed to name.damaged and reported as an error.
func (c *Store) Load(name string) ([]byte, error) {
	path, err := c.path(name)
	if err != nil {
		return nil, err
	}
	if c.dir == "" {
		return nil, fmt.Errorf("cache %s: %w", name, fs.ErrNotExist)
	}
	sealed, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", name, err)
	}
	data, ok := unseal(sealed)
	if !ok {
		err := fmt.Errorf("cache file %s is damaged: its first line is not the SHA-256 of the rest", path)
		return nil, errors.Join(err, os.Rename(path, path+".damaged"))
	}
	return data, nil
}

// names are a word, or two with a slash between, none of which begins with a dot.
// 253 characters are the longest DNS name.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,252}(/[a-z0-9][a-z0-9._-]{0,252})?$`)

func (c *Store) path(name string) (string, error) {
	if !names.MatchString(name) {
		return "", fmt.Errorf("cache name %q: only lowercase letters, digits, '.', '-' and '_', with one slash at most", name)
	}
	return filepath.Join(c.dir, filepath.FromSlash(name)), nil
}

func seal(data []byte) []byte {
	sum := sha256.Sum256(data)
	return append(hex.AppendEncode(nil, sum[:]), append([]byte{'\n'}, data...)...)
}

// unseal returns what follows the first line when that line is its checksum.
func unseal(sealed []byte) ([]byte, bool) {
	line, data, found := bytes.Cut(sealed, []byte{'\n'})
	sum := sha256.Sum256(data)
	return data, found && string(line) == hex.EncodeToString(sum[:])
}

func replace(path string, content []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncDir(dir)
}

// syncDir makes a rename last through a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

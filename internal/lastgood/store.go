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
	"slices"
	"strings"
)

// Store is a directory of last good bytes. It may be used by several goroutines.
// Each program needs a directory of its own: KeepOnly drops what another looks up.
//
// The first line of a file is the SHA-256 of the rest, in hex. Errors are one
// sentence with the file, the cause and the remedy, the same each time.
type Store struct{ dir string }

// Open names the directory and removes what programs that crashed left there.
// [Store.Save] makes it where it is missing, so that one that can't be made at
// the start prevents nothing. An empty name gives a Store that holds nothing.
func Open(dir string) *Store {
	if dir != "" {
		removeLeftovers(dir)
	}
	return &Store{dir: dir}
}

// Save puts data in the place of what is there under the name, by rename, after
// it has reached the disk. When the same is there already nothing is written.
func (c *Store) Save(name string, data []byte) error {
	path, err := c.path(name)
	if err != nil || c.dir == "" {
		return err
	}
	sealed := seal(data)
	if there, err := read(path); err == nil && bytes.Equal(there, sealed) {
		return nil
	}
	if err := replace(path, sealed); err != nil {
		return failure(path, "can't be written", err)
	}
	return nil
}

// damaged is where a directory keeps the last file that was damaged. No name is like it.
const damaged = ".damaged"

// Load returns what was saved last under the name, or fs.ErrNotExist. A file
// that was damaged since is reported as an error, and renamed to .damaged in its directory.
func (c *Store) Load(name string) ([]byte, error) {
	path, err := c.path(name)
	if err != nil {
		return nil, err
	}
	if c.dir == "" {
		return nil, fmt.Errorf("cache %s: %w", name, fs.ErrNotExist)
	}
	sealed, err := read(path)
	if err != nil {
		return nil, failure(path, "can't be read", err)
	}
	data, ok := unseal(sealed)
	if !ok {
		if err := os.Rename(path, filepath.Join(filepath.Dir(path), damaged)); err != nil {
			return nil, failure(path, "is damaged and can't be put aside", err)
		}
		return nil, fmt.Errorf("cache file %q is damaged, its first line is not the SHA-256 of the rest: it is put aside as %s in its directory", path, damaged)
	}
	return data, nil
}

// KeepOnly removes the values under the first part of a name, such as "records",
// whose second part is not among the names.
func (c *Store) KeepOnly(first string, names []string) error {
	dir, err := c.path(first)
	if err != nil || c.dir == "" {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(dir, "can't be read", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.IsDir() || slices.Contains(names, e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure(path, "can't be removed", err)
		}
	}
	return nil
}

// names are a word, or two with a slash between, none of which begins with a
// dot. The second may be a DNS name, of which 253 characters are the longest
// and _sip.example.com is one too.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,252}(/[a-z0-9_][a-z0-9._-]{0,252})?$`)

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

package nodehosts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// attempts is how often Apply starts again when others write the file too.
const attempts = 5

// File keeps the block in one hosts file. One goroutine may use it at a time.
type File struct {
	path string
	// The two steps that a node's file system may refuse, replaceable in tests.
	create func(dir, pattern string) (*os.File, error)
	rename func(from, to string) error
}

// NewFile names the hosts file. Nothing is opened yet, and there is nothing to close.
func NewFile(path string) *File {
	return &File{path: path, create: os.CreateTemp, rename: os.Rename}
}

// Read returns the file's content, nothing for a missing file. It refuses what
// Apply couldn't replace: a symbolic link, anything but a regular file, and more than MaxBytes.
func (f *File) Read() ([]byte, error) {
	s, err := takeSnapshot(f.path)
	return s.content, err
}

// Apply makes the block in the file as wanted, and reports whether the file was
// replaced; it isn't touched when it is right already. A missing file is created
// when there is something to write. Mode and owner stay.
//
// The file is replaced by a rename in its directory, which must be writable, and
// temporary files that a crashed run left there are removed. An error is one
// sentence with the file, the cause and the remedy, the same each time;
// errors.Is finds fs.ErrPermission, syscall.EROFS, syscall.EBUSY and the like in
// it. The file is then as it was, except that the pair true and an error says
// that it was replaced and might be lost if the node loses power now.
func (f *File) Apply(want Block) (changed bool, err error) {
	removeLeftovers(f.path)
	for range attempts {
		now, err := takeSnapshot(f.path)
		if err != nil {
			return false, err
		}
		content, err := Render(now.content, want)
		if err != nil {
			return false, fmt.Errorf("hosts file %q: %w", f.path, err)
		}
		if bytes.Equal(content, now.content) {
			return false, nil
		}
		switch err := f.replace(now, content); {
		case err == nil:
			return true, syncDir(f.path)
		case !errors.Is(err, errOvertaken):
			return false, err
		}
	}
	return false, fmt.Errorf("hosts file %q changed %d times while the block was being written: find the other program that writes it", f.path, attempts)
}

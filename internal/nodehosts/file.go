package nodehosts

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	// attempts is how often Apply starts again when others write the file too.
	attempts = 5
	// pause is what it leaves them between two attempts to come to an end.
	pause = 10 * time.Millisecond
)

// File keeps the block in one hosts file. One goroutine may use it at a time.
type File struct {
	path string
	// The two steps that a node's file system may refuse, replaceable in tests.
	create func(dir, pattern string) (*os.File, error)
	rename func(from, to string, flags uint) error
}

// NewFile names the hosts file. Nothing is opened yet, and there is nothing to close.
func NewFile(path string) *File {
	return &File{path: path, create: os.CreateTemp, rename: rename}
}

// Read returns the file's content and when it was written last, nothing for a
// missing file. It refuses what Apply couldn't replace: a symbolic link, anything
// but a regular file, and more than MaxBytes.
func (f *File) Read() (content []byte, written time.Time, err error) {
	s, err := takeSnapshot(f.path)
	return s.content, s.written, err
}

// Apply makes the block in the file as wanted, and reports whether the file was
// replaced; it isn't touched when it is right already. A missing file is created
// when there is something to write. Mode and owner stay, and extended attributes
// as far as the system lets a process without capabilities set them.
//
// The file is replaced by a rename in its directory, which must be writable, and
// temporary files that a crashed run left there are removed. What others write
// meanwhile is kept: Apply starts again from it. It waits a moment for those who
// have the file open for writing, and goes ahead if they don't close it; what
// they write afterwards is lost. An error is one
// sentence with the file, the cause and the remedy, the same each time;
// errors.Is finds fs.ErrPermission, syscall.EROFS, syscall.EBUSY and the like in
// it. The file is then as it was, except that the pair true and an error says
// that it was replaced and might be lost if the node loses power now.
func (f *File) Apply(want Block) (changed bool, err error) {
	removeLeftovers(f.path)
	for try := range attempts {
		if try > 0 {
			time.Sleep(pause)
		}
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
		switch err := f.replace(now, content, try < attempts-1); {
		case err == nil:
			return true, syncDir(f.path)
		case !errors.Is(err, errOvertaken):
			return false, err
		}
	}
	return false, fmt.Errorf("hosts file %q changed %d times while the block was being written: find the other program that writes it", f.path, attempts)
}

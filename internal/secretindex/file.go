package secretindex

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/registry-failover/registry-failover/internal/fserror"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// file is what was read last of one namespace. What is read never changes.
type file struct {
	info   os.FileInfo // nil where the last look failed
	known  pullsecrets.Namespace
	usable bool // known is what some look found
}

// errNone says that a directory entry is no namespace's, or is gone.
var errNone = errors.New("no namespace")

// look reads the file again where it isn't the one that was read last, and gives its
// length. What it can't read leaves what was known.
func (f *file) look(path string, limit int64) (size int64, changed bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.IsDir():
		// Kubelet removes a key's symlink after what it leads to.
		return 0, false, errNone
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("it is not a regular file") // to open a pipe would wait for a writer
	case err == nil && info.Size() > limit:
		err = fmt.Errorf("with it the index is longer than %d bytes", maxBytes)
	}
	if err != nil {
		f.info = nil
		return 0, false, fserror.Cause(err)
	}
	if f.info != nil && os.SameFile(f.info, info) && f.info.ModTime().Equal(info.ModTime()) && f.info.Size() == info.Size() {
		return info.Size(), false, nil
	}
	f.info = nil
	known, err := read(path, limit)
	if err != nil {
		return 0, false, fserror.Cause(err)
	}
	*f = file{info, known, true}
	return info.Size(), true, nil
}

func read(path string, limit int64) (pullsecrets.Namespace, error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	text, err := io.ReadAll(io.LimitReader(opened, limit))
	if err != nil {
		return nil, err
	}
	return pullsecrets.DecodeNamespace(text)
}

// Package fserror tells why the operating system refused something with a file.
package fserror

import (
	"errors"
	"io/fs"
	"os"
)

// Cause is the error without the paths that package os adds. Sentences name the
// file themselves, and the path may be that of a temporary file: a sentence that
// differs each time would be reported as news each time.
func Cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}

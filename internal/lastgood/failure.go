package lastgood

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/registry-failover/registry-failover/internal/fserror"
)

// failure is the sentence for what the operating system refused.
func failure(path, what string, err error) error {
	err = fserror.Cause(err)
	return fmt.Errorf("cache file %q %s: %w%s", path, what, err, remedy(err))
}

func remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ": give the program a cache directory that it may write to"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ": free some space on its file system"
	case errors.Is(err, errNotRegular), errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return ": remove what stands in its place"
	case errors.Is(err, fs.ErrNotExist):
		return ""
	}
	return ": name a cache directory on a file system that works"
}

package nodehosts

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
	return fmt.Errorf("hosts file %q %s: %w%s", path, what, err, remedy(err))
}

func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EROFS):
		return ": mount its directory read-write; a node whose /etc can't be written needs privateZone.writeBack"
	case errors.Is(err, syscall.EBUSY):
		return ": a file that is mounted by itself can't be replaced, so mount its directory instead"
	case errors.Is(err, fs.ErrPermission):
		return ": run as root, and check with lsattr that neither it nor its directory is immutable"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return ": its directory is not there, so mount the node's /etc or correct the path"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ": free some space on its file system"
	}
	return ""
}

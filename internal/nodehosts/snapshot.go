package nodehosts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// snapshot is all of a file that a replacement has to preserve, and its age.
type snapshot struct {
	content []byte
	written time.Time
	exists  bool
	mode    fs.FileMode
	owner   owner
}

type owner struct{ uid, gid int }

func (s snapshot) equal(other snapshot) bool {
	return bytes.Equal(s.content, other.content) && s.exists == other.exists && s.mode == other.mode && s.owner == other.owner
}

func takeSnapshot(path string) (snapshot, error) {
	// Lstat, because a rename would replace a symbolic link and not what it leads to.
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return snapshot{mode: 0o644}, nil
	case err != nil:
		return snapshot{}, failure(path, "can't be read", err)
	case info.Mode().Type() == fs.ModeSymlink:
		return snapshot{}, fmt.Errorf("hosts file %q is a symbolic link, which writing would replace: give the path of the file that it leads to", path)
	case !info.Mode().IsRegular():
		return snapshot{}, fmt.Errorf("hosts file %q is no regular file: give the path of the node's hosts file", path)
	}
	content, err := readBounded(path)
	if err != nil {
		return snapshot{}, failure(path, "can't be read", err)
	}
	if len(content) > MaxBytes {
		return snapshot{}, fmt.Errorf("hosts file %q is longer than %d bytes: shorten it, it is left as it is", path, MaxBytes)
	}
	return snapshot{content: content, written: info.ModTime(), exists: true, mode: info.Mode(), owner: ownerOf(info)}, nil
}

// readBounded reads at most one byte more than MaxBytes.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, MaxBytes+1))
}

func ownerOf(info fs.FileInfo) owner {
	stat := info.Sys().(*syscall.Stat_t)
	return owner{uid: int(stat.Uid), gid: int(stat.Gid)}
}

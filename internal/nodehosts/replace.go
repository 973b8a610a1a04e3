package nodehosts

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/registry-failover/registry-failover/internal/fserror"
)

// errOvertaken says that someone else changed the file, or took our temporary one away.
var errOvertaken = errors.New("overtaken by another writer")

// replace puts the content in the place of the file, if that still is what old
// says, and if nobody has it open for writing or nobody is to be waited for.
//
// The temporary file and the file change places, so that what was replaced can
// be looked at: where it isn't what old says, it is put back.
func (f *File) replace(old snapshot, content []byte, wait bool) error {
	temp, err := f.create(filepath.Dir(f.path), tempPrefix(f.path)+"*")
	if err != nil {
		return failure(f.path, "can't be replaced", err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if err := errors.Join(f.fill(temp, old, content), temp.Close()); err != nil {
		return failure(f.path, "can't be replaced", err)
	}
	if !old.stands(f.path, wait) {
		return errOvertaken // without a moment in which readers miss what has been written
	}
	kept, err := f.exchange(temp.Name(), old.exists)
	if err != nil {
		return err
	}
	if kept && !old.stands(temp.Name(), wait) {
		ours := snapshot{content: content, exists: true, mode: old.mode, owner: old.owner}
		return cmp.Or(f.putBack(temp.Name(), ours), errOvertaken)
	}
	return nil
}

// stands says whether the file is still what the snapshot says. A file that
// somebody has open for writing doesn't count as such, if that matters.
func (s snapshot) stands(path string, unopened bool) bool {
	l := takeLease(path)
	defer l.release()
	now, err := takeSnapshot(path)
	return err == nil && now.equal(s) && (!unopened || !l.disturbed())
}

// exchange puts the temporary file in the place of the hosts file, and reports
// whether that has the temporary one's name now.
func (f *File) exchange(temp string, exists bool) (kept bool, err error) {
	flags := uint(noReplace)
	if exists {
		flags = exchange
	}
	err = f.rename(temp, f.path, flags)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		// A file system that knows no exchange. What others write in this very
		// moment is lost there, which is better than a node without its block.
		exists, err = false, f.rename(temp, f.path, 0)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrExist):
		// The file has come or gone, or another run takes our temporary file for a left-over one.
		return false, errOvertaken
	case err != nil:
		return false, failure(f.path, "can't be replaced", err)
	}
	return exists, nil
}

// putBack undoes an exchange. Where what comes out is not what we put in,
// somebody has written that too, and the newest stays.
func (f *File) putBack(temp string, ours snapshot) error {
	if _, err := f.exchange(temp, true); err != nil || ours.stands(temp, false) {
		return err
	}
	_, err := f.exchange(temp, true)
	return err
}

// fill writes the temporary file to disk, with the mode, the owner and the attributes of the old one.
func (f *File) fill(temp *os.File, old snapshot, content []byte) error {
	if _, err := temp.Write(content); err != nil {
		return err
	}
	info, err := temp.Stat()
	if err != nil {
		return err
	}
	// Without capabilities chown fails even for root, so it is left out where nothing would change.
	if old.exists && ownerOf(info) != old.owner {
		if err := temp.Chown(old.owner.uid, old.owner.gid); err != nil {
			return fmt.Errorf("owner %d:%d can't be kept: %w", old.owner.uid, old.owner.gid, fserror.Cause(err))
		}
	}
	if err := temp.Chmod(old.mode); err != nil {
		return err
	}
	if old.exists {
		keepAttributes(f.path, temp)
	}
	return temp.Sync()
}

// syncDir makes the rename last: without it a power loss may bring the old file back.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return failure(path, "was replaced, but may not be on disk yet", err)
	}
	return nil
}

func tempPrefix(path string) string { return "." + filepath.Base(path) + ".registry-failover-" }

// removeLeftovers does what it can: a directory that can't be read or written
// is reported when the file itself has to be replaced.
func removeLeftovers(path string) {
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), tempPrefix(path)) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

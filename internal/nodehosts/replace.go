package nodehosts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/registry-failover/registry-failover/internal/fserror"
)

// errOvertaken says that someone else changed the file, or took our temporary one away.
var errOvertaken = errors.New("overtaken by another writer")

// replace puts the content in the place of the file, if that still is what old says.
func (f *File) replace(old snapshot, content []byte) (err error) {
	temp, err := f.create(filepath.Dir(f.path), tempPrefix(f.path)+"*")
	if err != nil {
		return failure(f.path, "can't be replaced", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	if err := errors.Join(fill(temp, old, content), temp.Close()); err != nil {
		return failure(f.path, "can't be replaced", err)
	}
	// What others write between this look and the rename is lost; the file's
	// format has no lock that they would honour, so the gap is only kept short.
	now, err := takeSnapshot(f.path)
	if err != nil {
		return err
	}
	if !now.equal(old) {
		return errOvertaken
	}
	err = f.rename(temp.Name(), f.path)
	if errors.Is(err, fs.ErrNotExist) {
		// Another run takes our temporary file for a left-over one.
		return errOvertaken
	}
	if err != nil {
		return failure(f.path, "can't be replaced", err)
	}
	return nil
}

// fill writes the temporary file to disk, with the mode and the owner of the old one.
func fill(temp *os.File, old snapshot, content []byte) error {
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

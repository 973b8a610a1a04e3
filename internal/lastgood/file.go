package lastgood

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// temporary is the pattern of files that are not written completely yet.
const temporary = ".new-*"

// errNotRegular keeps a FIFO from being waited for and a link from being followed.
var errNotRegular = errors.New("it is no regular file")

func read(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	return os.ReadFile(path)
}

// replace writes a temporary file and renames it: what stands at the path is never opened.
func replace(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, temporary)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename last through a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// removeLeftovers removes temporary files that are older than a minute: younger
// ones may be in work, in another program. What can't be removed takes only space.
func removeLeftovers(dir string) {
	for _, pattern := range []string{temporary, "*/" + temporary} {
		left, _ := fs.Glob(os.DirFS(dir), pattern)
		for _, name := range left {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > time.Minute {
				_ = os.Remove(path)
			}
		}
	}
}

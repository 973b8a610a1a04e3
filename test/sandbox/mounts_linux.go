package sandbox

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Bind shows a directory at another place too, for the function and what it starts.
func Bind(directory, at string) error {
	if err := unix.Mount(directory, at, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("could not mount %s at %s: %w", directory, at, err)
	}
	return nil
}

// Mask shows empty directories in memory as entries of a directory, whether
// there are such entries or not, for the function and what it starts. Further
// entries that they make are in memory too; those that there are stay as they are.
func Mask(directory string, entries ...string) error {
	below, err := os.Open(directory)
	if err != nil {
		return err
	}
	defer func() { _ = below.Close() }()
	there, err := below.ReadDir(-1)
	if err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", directory, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("could not mount %s: %w", directory, err)
	}
	for _, entry := range there {
		if slices.Contains(entries, entry.Name()) {
			continue
		}
		// What was mounted over is still reached by the open directory.
		from := fmt.Sprintf("/proc/self/fd/%d/%s", below.Fd(), entry.Name())
		if err := show(from, filepath.Join(directory, entry.Name()), entry.Type()); err != nil {
			return err
		}
	}
	for _, entry := range entries {
		if err := os.Mkdir(filepath.Join(directory, entry), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// show shows what is at from, and what is mounted below it, at a place where nothing is yet.
func show(from, at string, kind fs.FileMode) error {
	switch {
	case kind&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, at)
	case kind.IsDir():
		if err := os.Mkdir(at, 0o755); err != nil {
			return err
		}
	default:
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			return err
		}
	}
	if err := unix.Mount(from, at, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("could not mount %s: %w", at, err)
	}
	return nil
}

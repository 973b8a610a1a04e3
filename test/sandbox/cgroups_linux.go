package sandbox

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A hierarchy is one mounted tree of cgroups: of version 1 with its
// controllers, or the one of version 2.
type hierarchy struct{ path, kind, options string }

// hierarchies are those that this process sees.
func hierarchies() ([]hierarchy, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var found []hierarchy
	for lines := bufio.NewScanner(bytes.NewReader(mounts)); lines.Scan(); {
		fields := strings.Fields(lines.Text()) // device, path, type, options
		if len(fields) < 4 || fields[2] != "cgroup" && fields[2] != "cgroup2" {
			continue
		}
		// Within a sandbox, those from outside are still listed below its own.
		if !slices.ContainsFunc(found, func(h hierarchy) bool { return h.path == fields[1] }) {
			found = append(found, hierarchy{path: fields[1], kind: fields[2], options: controllers(fields[3])})
		}
	}
	return found, nil
}

// controllers are the mount options that choose a hierarchy of version 1.
func controllers(options string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(options, ","), func(option string) bool {
		return slices.Contains([]string{"rw", "ro", "relatime", "nosuid", "nodev", "noexec", "nsdelegate", "memory_recursiveprot"}, option)
	}), ",")
}

// makeCgroups makes one cgroup in each hierarchy, named as the sandbox's
// directory, and returns those that it made also where one can't be made.
func makeCgroups(dir string) ([]string, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, err
	}
	var made []string
	for _, h := range all {
		path := filepath.Join(h.path, filepath.Base(dir))
		if err := os.Mkdir(path, 0o755); err != nil {
			return made, fmt.Errorf("could not make a cgroup: %w", err)
		}
		made = append(made, path)
		// A new cgroup of cpuset may use nothing, until it is told what.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if content, err := os.ReadFile(filepath.Join(h.path, file)); err == nil && h.kind == "cgroup" {
				if err := os.WriteFile(filepath.Join(path, file), content, 0); err != nil {
					return made, fmt.Errorf("could not set up a cgroup: %w", err)
				}
			}
		}
	}
	return made, nil
}

// removeCgroups waits for the last processes inside to vanish.
func removeCgroups(cgroups []string) {
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
		cgroups = slices.DeleteFunc(cgroups, removeTree)
		if len(cgroups) == 0 {
			return
		}
	}
	fmt.Fprintf(os.Stderr, "these cgroups are still in use and stay: %s\n", strings.Join(cgroups, " "))
}

// cgroupsOf are those that there are of a sandbox.
func cgroupsOf(dir string) []string {
	all, _ := hierarchies()
	var found []string
	for _, h := range all {
		if path := filepath.Join(h.path, filepath.Base(dir)); exists(path) {
			found = append(found, path)
		}
	}
	return found
}

// removeTree removes a cgroup and those below it, and tells whether all are gone.
func removeTree(root string) bool {
	var below []string
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			below = append(below, path)
		}
		return nil
	})
	for _, path := range slices.Backward(below) {
		_ = syscall.Rmdir(path)
	}
	return !exists(root)
}

// mountCgroups mounts hierarchies again, below a fresh /sys, so that the
// sandbox's cgroups are their roots.
func mountCgroups(all []hierarchy) error {
	const root = "/sys/fs/cgroup"
	if !slices.ContainsFunc(all, func(h hierarchy) bool { return h.path == root }) {
		if err := unix.Mount("tmpfs", root, "tmpfs", 0, "mode=755"); err != nil {
			return fmt.Errorf("could not mount %s: %w", root, err)
		}
	}
	for _, h := range all {
		if err := os.MkdirAll(h.path, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(h.kind, h.path, h.kind, 0, h.options); err != nil {
			return fmt.Errorf("could not mount %s: %w", h.path, err)
		}
	}
	return nil
}

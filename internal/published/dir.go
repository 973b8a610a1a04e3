package published

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/registry-failover/registry-failover/internal/fserror"
	"github.com/registry-failover/registry-failover/internal/inputs"
)

// Dir keeps the texts in the files of a directory: DIR/switch/ENDPOINT,
// DIR/state/ENDPOINT and DIR/status/ENDPOINT. Its methods may be called at the
// same time.
type Dir struct {
	path string
	mu   sync.Mutex // so that nothing changes between a comparison and a rename; others write the switch only
}

// InDir returns the texts in a directory that exists.
func InDir(path string) *Dir { return &Dir{path: path} }

// HealthReports is what [Dir.Of] takes for what probers report, each under a name of
// its own. No ConfigMap has it: in a cluster each prober has a Lease.
const HealthReports = "registry-failover-health"

// Of is the directory that stands for a ConfigMap.
func (d *Dir) Of(object string) string {
	name, ok := map[string]string{inputs.SwitchName: "switch", inputs.StateName: "state", inputs.StatusName: "status", HealthReports: "health"}[object]
	if !ok {
		panic("no directory stands for the object " + object)
	}
	return filepath.Join(d.path, name)
}

// Read gives what stands in the endpoint's file.
func (d *Dir) Read(_ context.Context, object, endpoint string) (Value, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read(object, endpoint)
}

func (d *Dir) read(object, endpoint string) (Value, error) {
	path := filepath.Join(d.Of(object), endpoint)
	text, err := inputs.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Value{}, nil
	case err != nil:
		return Value{}, fmt.Errorf("%s can't be read: %w", path, fserror.Cause(err))
	}
	return Value{Text: text, There: true}, nil
}

// Write replaces the endpoint's file by rename, or does nothing and returns
// [ErrMeanwhile] where it isn't as it was read. A file that wasn't there is only
// made where there is none.
func (d *Dir) Write(_ context.Context, object, endpoint string, read Value, text string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, err := d.read(object, endpoint)
	if err != nil {
		return err
	}
	if now != read {
		return ErrMeanwhile
	}
	path := filepath.Join(d.Of(object), endpoint)
	switch err := put(path, strings.TrimRight(text, "\n")+"\n", !read.There); {
	case errors.Is(err, fs.ErrExist):
		return ErrMeanwhile
	case err != nil:
		return fmt.Errorf("%s can't be written: %w", path, fserror.Cause(err))
	}
	return nil
}

// put brings a whole file into place. Of a new one there is no moment at which
// it could replace another.
func put(path, text string, isNew bool) (err error) {
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // resolvers of other users read it
		return err
	}
	file, err := os.CreateTemp(dir, ".new-") // readers pass over names with a dot
	if err != nil {
		return err
	}
	defer func() {
		if removed := os.Remove(file.Name()); err == nil && !errors.Is(removed, fs.ErrNotExist) {
			err = removed
		}
	}()
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	switch {
	case err != nil:
		return err
	case isNew:
		return os.Link(file.Name(), path)
	default:
		return os.Rename(file.Name(), path)
	}
}

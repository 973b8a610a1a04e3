package secretindex

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/filewatch"
	"github.com/registry-failover/registry-failover/internal/fserror"
	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// maxBytes is how much is read in all: what a ConfigMap can hold.
const maxBytes = 1 << 20

// Dir is a mounted index, and the last good of each namespace in it. Only one of its
// methods may run at a time.
type Dir struct {
	path       string
	log        *slog.Logger
	files      map[string]*file
	reported   string
	namespaces *prometheus.GaugeVec
}

// New returns the index in a directory, of which nothing is read yet, and registers its metric.
func New(path string, registerer prometheus.Registerer, log *slog.Logger) *Dir {
	d := &Dir{
		path: path, log: log, files: map[string]*file{},
		namespaces: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_admission_index_namespaces",
			Help: "Namespaces in the index of pull secrets: read, and unreadable, of which what was known before counts.",
		}, []string{"state"}),
	}
	registerer.MustRegister(d.namespaces)
	d.count(0)
	return d
}

// Follow calls use with the index after each change since the last Read, until ctx
// ends. What use was given never changes.
func (d *Dir) Follow(ctx context.Context, use func(pullsecrets.Index)) error {
	return filewatch.Watch(ctx, []string{d.path}, func() {
		if index, changed := d.Read(); changed {
			use(index)
		}
	})
}

// Read looks at the directory. Files must be replaced by rename, as kubelet does. A
// namespace whose file can't be read keeps what was known of it, which is reported
// once; one whose file is gone isn't known any more. Where nothing has changed since
// the last call, the index is nil.
//
// Names that begin with a dot and directories are passed over.
func (d *Dir) Read() (index pullsecrets.Index, changed bool) {
	entries, err := os.ReadDir(d.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.report([]string{"the directory: " + fserror.Cause(err).Error()})
		d.count(len(d.files))
		return nil, false
	}
	var problems []string
	left := int64(maxBytes)
	seen := make(map[string]bool, len(entries))
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") {
			continue
		}
		f := d.files[name]
		if f == nil {
			f = &file{}
		}
		size, news, err := f.look(filepath.Join(d.path, name), left-int64(len(name)))
		if errors.Is(err, errNone) {
			continue
		}
		if err != nil {
			problems = append(problems, name+": "+err.Error())
		}
		left -= int64(len(name)) + size
		seen[name], d.files[name] = true, f
		changed = changed || news
	}
	for name, f := range d.files {
		if !seen[name] {
			delete(d.files, name)
			changed = changed || f.usable
		}
	}
	d.report(problems)
	d.count(len(problems))
	if !changed {
		return nil, false
	}
	index = make(pullsecrets.Index, len(d.files))
	for name, f := range d.files {
		if f.usable {
			index[name] = f.known
		}
	}
	return index, true
}

func (d *Dir) count(unreadable int) {
	d.namespaces.WithLabelValues("read").Set(float64(len(d.files) - unreadable))
	d.namespaces.WithLabelValues("unreadable").Set(float64(unreadable))
}

// report tells what can't be read, where it isn't what was told last.
func (d *Dir) report(problems []string) {
	slices.Sort(problems)
	all := strings.Join(problems, "\n")
	switch all {
	case d.reported:
		return
	case "":
		d.log.Info("all of the index of pull secrets can be read again", "dir", d.path)
	default:
		d.log.Warn("the index of pull secrets can't be read: what was known before counts", "dir", d.path, "problems", len(problems), "first", problems[0])
	}
	d.reported = all
}

// Package configfile reads a program's configuration and follows its changes.
//
// A configuration that can't be used never replaces one that can: at a change
// the last good one stays in force, and at the start it is taken from the
// cache, so that an older program that meets a newer configuration goes on.
package configfile

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/filewatch"
	"github.com/registry-failover/registry-failover/internal/lastgood"
	"github.com/registry-failover/registry-failover/pkg/config"
)

// cacheName is what the last good configuration is called in the cache.
const cacheName = "config"

// File is a configuration file and the last good thing that it said.
type File struct {
	path  string
	cache *lastgood.Store
	log   *slog.Logger
	valid prometheus.Gauge
	read  prometheus.Gauge
	info  *prometheus.GaugeVec
	seen  []byte // what was looked at last, good or bad
}

// New returns the file at a path. The cache may be one that holds nothing.
func New(path string, cache *lastgood.Store, registerer prometheus.Registerer, log *slog.Logger) *File {
	f := &File{
		path: path, cache: cache, log: log,
		valid: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_config_valid",
			Help: "1 when the configuration file is in force, 0 when an earlier one is because the file can't be used.",
		}),
		read: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "registry_failover_config_last_success_timestamp_seconds",
			Help: "When the configuration in force was read from its file, in seconds since 1970; 0 when it was kept from before a restart.",
		}),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "registry_failover_config_info",
			Help: "Always 1: sha256 has the first 12 digits of the SHA-256 of the configuration in force.",
		}, []string{"sha256"}),
	}
	registerer.MustRegister(f.valid, f.read, f.info)
	return f
}

// Load returns the configuration, or the last good one with a line in the log.
// The error, where there is neither, has one line for each mistake.
func (f *File) Load() (*config.Config, error) {
	c, err := f.look()
	if err == nil {
		return c, nil
	}
	data, cacheErr := f.cache.Load(cacheName)
	if errors.Is(cacheErr, fs.ErrNotExist) {
		return nil, err
	}
	var last *config.Config
	if cacheErr == nil {
		last, cacheErr = config.Parse(data)
	}
	if cacheErr != nil {
		return nil, fmt.Errorf("%w\nthe last good one can't be used either: %w", err, cacheErr)
	}
	f.inForce(data)
	f.log.Error("the configuration can't be used: the last good one stays in force", "error", err)
	return last, nil
}

func (f *File) look() (*config.Config, error) {
	f.valid.Set(0)
	data, err := readLimited(f.path)
	if err != nil {
		f.seen = nil
		return nil, fmt.Errorf("configuration: %w", err)
	}
	f.seen = data
	c, err := config.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("configuration %s:\n%w", f.path, err)
	}
	f.valid.Set(1)
	f.read.SetToCurrentTime()
	f.inForce(data)
	if err := f.cache.Save(cacheName, data); err != nil {
		f.log.Warn("the configuration can't be kept for a restart", "error", err)
	}
	return c, nil
}

// inForce shows which configuration is.
func (f *File) inForce(data []byte) {
	f.info.Reset()
	f.info.WithLabelValues(fmt.Sprintf("%x", sha256.Sum256(data))[:12]).Set(1)
}

// Follow calls use with each new good configuration until ctx ends.
func (f *File) Follow(ctx context.Context, use func(*config.Config)) error {
	return filewatch.Watch(ctx, []string{filepath.Dir(f.path)}, func() {
		data, err := readLimited(f.path)
		if err == nil && f.seen != nil && bytes.Equal(data, f.seen) {
			return
		}
		if err != nil && f.seen == nil {
			return // reported already
		}
		c, err := f.look()
		if err != nil {
			f.log.Error("the configuration can't be used: the last good one stays in force", "error", err)
			return
		}
		use(c)
		f.log.Info("a new configuration is in force", "file", f.path)
	})
}

func readLimited(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, config.MaxBytes+1))
	return data, errors.Join(err, file.Close())
}

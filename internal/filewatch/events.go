package filewatch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/fsnotify/fsnotify"
)

// events turns what the kernel tells about some directories into wake-ups.
type events struct {
	dirs []string // absolute and clean
	// woken holds one wake-up at most: that is what makes one of a burst.
	woken   chan struct{}
	watcher *fsnotify.Watcher // nil when the kernel gave none
	reader  sync.WaitGroup
}

func newEvents(dirs []string) *events {
	return &events{dirs: dirs, woken: make(chan struct{}, 1)}
}

// cover brings the watches to the directories and ancestors that exist now.
// What it can't watch it leaves to the resync, which calls it again.
func (e *events) cover() {
	if e.watcher == nil && !e.open() {
		return
	}
	for wanted := e.wanted(); ; {
		for _, path := range e.watcher.WatchList() {
			if !slices.Contains(wanted, path) {
				_ = e.watcher.Remove(path) // it may have gone with its directory
			}
		}
		gone := false
		for _, path := range wanted {
			// A known path is added too: it may lead to another directory now, while
			// the watch that fsnotify knows is that of the old one.
			gone = errors.Is(e.watcher.Add(path), fs.ErrNotExist) || gone
		}
		// Below a new watch something may have been made before it began, and what
		// went before its watch began may be there again.
		next := e.wanted()
		if !gone && slices.Equal(wanted, next) {
			return
		}
		wanted = next
	}
}

// wanted are the directories, and the nearest existing ancestor of each. A parent
// stands before its child, so that it is watched when the child is looked for.
func (e *events) wanted() []string {
	var wanted []string
	for _, dir := range e.dirs {
		if isDir(dir) {
			wanted = append(wanted, dir)
		}
		for up := dir; up != filepath.Dir(up); {
			up = filepath.Dir(up)
			if isDir(up) {
				wanted = append(wanted, up)
				break
			}
		}
	}
	slices.Sort(wanted)
	return slices.Compact(wanted)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// open gets a watcher from the kernel, which has few of them: on Linux
// fs.inotify.max_user_instances for all programs of a user.
func (e *events) open() bool {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return false
	}
	e.watcher = watcher
	e.reader.Go(func() { e.read(watcher) })
	return true
}

// read never waits for the work that an event leads to, so that the kernel's
// queue stays empty. It ends when the watcher is closed.
func (e *events) read(watcher *fsnotify.Watcher) {
	for {
		select {
		case event, open := <-watcher.Events:
			if !open {
				return
			}
			if e.concerns(event.Name) {
				e.wake()
			}
		case _, open := <-watcher.Errors:
			if !open {
				return
			}
			e.wake() // events may have been lost
		}
	}
}

// concerns says whether the path is in a directory, is one, or leads to one. All
// else is the life of the ancestors' other children.
func (e *events) concerns(path string) bool {
	return slices.ContainsFunc(e.dirs, func(dir string) bool {
		if filepath.Dir(path) == dir {
			return true
		}
		below, err := filepath.Rel(path, dir)
		return err == nil && filepath.IsLocal(below)
	})
}

func (e *events) wake() {
	select {
	case e.woken <- struct{}{}:
	default:
	}
}

func (e *events) close() {
	if e.watcher != nil {
		_ = e.watcher.Close()
	}
	e.reader.Wait()
}

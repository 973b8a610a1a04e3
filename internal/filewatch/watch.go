package filewatch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// resync is how late a change may be noticed of which no event tells.
const resync = 10 * time.Second

// Watch calls changed once at the start, after anything in one of the
// directories may have changed, and every 10 seconds; never twice at the same
// time. The caller reads the files anew each time and compares.
//
// The call follows the first event at once. Events that arrive during a call
// lead to one more call after it, however many they are, so that what the last
// call read is never older than the last event.
//
// Watch returns nil when ctx ends, and an error only for a bad list of directories.
func Watch(ctx context.Context, dirs []string, changed func()) error {
	return watch(ctx, dirs, resync, changed)
}

func watch(ctx context.Context, dirs []string, every time.Duration, changed func()) error {
	if len(dirs) == 0 {
		return errors.New("no directory to watch was named")
	}
	paths := make([]string, len(dirs))
	for i, dir := range dirs {
		path, err := filepath.Abs(dir)
		if err != nil {
			return fmt.Errorf("watch directory %q: %w", dir, err)
		}
		paths[i] = path
	}
	events := newEvents(paths)
	defer events.close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		// Watches come before the look: what changes after the look has its event.
		events.cover()
		changed()
		select {
		case <-ctx.Done():
		case <-events.woken:
		case <-tick.C:
		}
	}
	return nil
}

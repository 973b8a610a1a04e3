package filewatch

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched is a running Watch whose resync never comes, so that only events wake it.
type watched struct {
	t     *testing.T
	calls chan struct{}
}

func start(t *testing.T, every time.Duration, look func(), dirs ...string) watched {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := watched{t: t, calls: make(chan struct{}, 1000)}
	done := make(chan error, 1)
	go func() {
		done <- watch(ctx, dirs, every, func() {
			look()
			select {
			case w.calls <- struct{}{}:
			default: // nobody counts them
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch returned %v", err)
		}
	})
	w.next("at the start")
	return w
}

func (w watched) next(after string) {
	w.t.Helper()
	select {
	case <-w.calls:
	case <-time.After(5 * time.Second):
		w.t.Fatalf("no call %s", after)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// replace writes a file as everything that we read is written: by rename.
func replace(t *testing.T, path, text string) {
	t.Helper()
	fresh := filepath.Join(t.TempDir(), "fresh")
	must(t, os.WriteFile(fresh, []byte(text), 0o600))
	must(t, os.Rename(fresh, path))
}

// TestChangeIsSeen waits until the last call has read what the last step of
// each sentence wrote: a call too few makes it wait for ever.
func TestChangeIsSeen(t *testing.T) {
	tests := map[string][]func(t *testing.T, dir string){
		"a file is replaced by rename": {
			func(t *testing.T, dir string) { must(t, os.MkdirAll(dir, 0o700)) },
			func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "x"), "one") },
			func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "x"), "end") },
		},
		"the directory and its parents come later": {
			func(t *testing.T, dir string) {},
			func(t *testing.T, dir string) {
				must(t, os.MkdirAll(dir, 0o700))
				replace(t, filepath.Join(dir, "x"), "end")
			},
		},
		"the directory is removed, made again and filled later": {
			func(t *testing.T, dir string) { must(t, os.MkdirAll(dir, 0o700)) },
			func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); must(t, os.Mkdir(dir, 0o700)) },
			func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "x"), "one") },
			func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "x"), "end") },
		},
		"the directory's parent is removed and made again": {
			func(t *testing.T, dir string) { must(t, os.MkdirAll(dir, 0o700)) },
			func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Dir(dir))) },
			func(t *testing.T, dir string) { must(t, os.MkdirAll(dir, 0o700)) },
			func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "x"), "end") },
		},
		"another directory is moved to the place": {
			func(t *testing.T, dir string) { must(t, os.MkdirAll(dir, 0o700)) },
			func(t *testing.T, dir string) {
				other := t.TempDir()
				must(t, os.Rename(dir, filepath.Join(other, "old")))
				must(t, os.Mkdir(filepath.Join(other, "new"), 0o700))
				must(t, os.Rename(filepath.Join(other, "new"), dir))
			},
			func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "x"), "end") },
		},
		"a mounted ConfigMap is updated": {
			func(t *testing.T, dir string) {
				must(t, os.MkdirAll(filepath.Join(dir, "..1"), 0o700))
				must(t, os.WriteFile(filepath.Join(dir, "..1", "x"), []byte("one"), 0o600))
				must(t, os.Symlink("..1", filepath.Join(dir, "..data")))
				must(t, os.Symlink("..data/x", filepath.Join(dir, "x")))
			},
			func(t *testing.T, dir string) {
				must(t, os.Mkdir(filepath.Join(dir, "..2"), 0o700))
				must(t, os.WriteFile(filepath.Join(dir, "..2", "x"), []byte("end"), 0o600))
				must(t, os.Symlink("..2", filepath.Join(dir, "..data_tmp")))
				must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
				must(t, os.RemoveAll(filepath.Join(dir, "..1")))
			},
		},
	}
	for sentence, steps := range tests {
		t.Run(sentence, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "parent", "dir")
			steps[0](t, dir)
			seen := make(chan string, 1000)
			w := start(t, time.Hour, func() {
				text, _ := os.ReadFile(filepath.Join(dir, "x"))
				seen <- string(text)
			}, dir)
			for _, step := range steps[1:] {
				step(t, dir)
				w.next("after a step")
			}
			for {
				select {
				case text := <-seen:
					if text == "end" {
						return
					}
				case <-time.After(5 * time.Second):
					t.Fatal("the last change was not seen")
				}
			}
		})
	}
}

// TestNoWatchIsLostWhenTheDirectoryIsMadeAnew meets the moments in which part of
// the path is there again while the end of the old one is still to be told.
func TestNoWatchIsLostWhenTheDirectoryIsMadeAnew(t *testing.T) {
	above := filepath.Join(t.TempDir(), "above")
	dir := filepath.Join(above, "parent", "dir")
	seen := make(chan string, 10000)
	w := start(t, time.Hour, func() {
		text, _ := os.ReadFile(filepath.Join(dir, "x"))
		seen <- string(text)
	}, dir)
	for n := range 100 {
		must(t, os.RemoveAll(above))
		must(t, os.MkdirAll(dir, 0o700))
		w.next("when the directory was made again")
		want := strconv.Itoa(n)
		replace(t, filepath.Join(dir, "x"), want)
		for timeout := time.After(5 * time.Second); ; {
			select {
			case text := <-seen:
				if text != want {
					continue
				}
			case <-timeout:
				t.Fatalf("round %d: the file in the new directory was not seen", n)
			}
			break
		}
	}
}

func TestResyncMovesTheWatchWhenASymlinkInThePathLeadsElsewhere(t *testing.T) {
	root := t.TempDir()
	for _, release := range []string{"1", "2"} {
		must(t, os.MkdirAll(filepath.Join(root, release, "switch"), 0o700))
	}
	must(t, os.Symlink("1", filepath.Join(root, "current")))
	e := newEvents([]string{filepath.Join(root, "current", "switch")})
	defer e.close()
	e.cover()
	must(t, os.Remove(filepath.Join(root, "current")))
	must(t, os.Symlink("2", filepath.Join(root, "current")))
	e.cover()
	replace(t, filepath.Join(root, "2", "switch", "x"), "text")
	select {
	case <-e.woken:
	case <-time.After(5 * time.Second):
		t.Error("a change in the new place was not told")
	}
}

func TestResyncComesWithoutEvents(t *testing.T) {
	w := start(t, time.Millisecond, func() {}, t.TempDir())
	w.next("after the first interval")
	w.next("after the second interval")
}

func TestBurstDuringACallMakesFewMoreCalls(t *testing.T) {
	dir := t.TempDir()
	began, written, last := make(chan struct{}), make(chan struct{}), make(chan int, 1000)
	calls := 0
	start(t, time.Hour, func() {
		if calls++; calls == 2 {
			close(began)
			<-written
		}
		if _, err := os.Stat(filepath.Join(dir, "last")); err == nil {
			last <- calls
		}
	}, dir)
	must(t, os.WriteFile(filepath.Join(dir, "first"), nil, 0o600))
	<-began
	for range 100 {
		replace(t, filepath.Join(dir, "x"), "text")
	}
	replace(t, filepath.Join(dir, "last"), "text")
	close(written)
	if n := <-last; n != 2 {
		t.Errorf("the call that was running saw the last file as number %d", n)
	}
	if n := <-last; n != 3 {
		t.Errorf("one call more is number 3, but was %d", n)
	}
	if extra := len(last); extra > 1 {
		t.Errorf("a burst of 100 made %d more calls", extra)
	}
}

func TestCallFollowsARenameAtOnce(t *testing.T) {
	dir := t.TempDir()
	called := make(chan time.Time, 1000)
	w := start(t, time.Hour, func() { called <- time.Now() }, dir)
	<-called
	best := time.Hour
	for range 20 {
		fresh := filepath.Join(t.TempDir(), "fresh")
		must(t, os.WriteFile(fresh, nil, 0o600))
		began := time.Now()
		must(t, os.Rename(fresh, filepath.Join(dir, "x")))
		w.next("after a rename")
		best = min(best, (<-called).Sub(began))
	}
	t.Logf("best of 20: %v", best)
	if best > time.Millisecond {
		t.Errorf("the best of 20 renames took %v to be told", best)
	}
}

func TestOtherChildrenOfAnAncestorDoNotConcern(t *testing.T) {
	e := newEvents([]string{"/run/demo/switch"})
	for path, want := range map[string]bool{
		"/run/demo/switch/a":   true,
		"/run/demo/switch":     true,
		"/run/demo":            true,
		"/run":                 true,
		"/run/demo/state":      false,
		"/run/demo/switch2":    false,
		"/run/demo/switch/a/b": false,
		"/run/dem":             false,
	} {
		if got := e.concerns(path); got != want {
			t.Errorf("%s: concerns is %v", path, got)
		}
	}
}

func TestNoDirectoryIsAnError(t *testing.T) {
	if err := Watch(t.Context(), nil, func() {}); err == nil {
		t.Error("no error")
	}
}

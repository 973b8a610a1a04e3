package inputs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	fresh := filepath.Join(t.TempDir(), "fresh")
	must(t, os.WriteFile(fresh, []byte(text), 0o600))
	must(t, os.Rename(fresh, path))
}

func TestReadDir(t *testing.T) {
	before := Object{Known: true, Values: map[string]string{"a.example.com": "before"}}
	tests := map[string]struct {
		make func(dir string)
		last Object
		want Object
	}{
		"a missing directory is known to hold nothing": {
			make: func(string) {}, last: before,
			want: Object{Known: true, Problem: "directory DIR does not exist"},
		},
		"an empty directory is no problem": {
			make: func(dir string) { must(t, os.Mkdir(dir, 0o700)) }, last: before,
			want: Object{Known: true},
		},
		"white space stays": {
			make: func(dir string) { write(t, filepath.Join(dir, "a.example.com"), " hangzhou\n") },
			want: Object{Known: true, Values: map[string]string{"a.example.com": " hangzhou\n"}},
		},
		"an empty file is an empty value": {
			make: func(dir string) { write(t, filepath.Join(dir, "a.example.com"), "") },
			want: Object{Known: true, Values: map[string]string{"a.example.com": ""}},
		},
		"a mounted ConfigMap is read through its symlinks": {
			make: func(dir string) {
				write(t, filepath.Join(dir, "..2026", "a.example.com"), "hangzhou")
				must(t, os.Symlink("..2026", filepath.Join(dir, "..data")))
				must(t, os.Symlink("..data/a.example.com", filepath.Join(dir, "a.example.com")))
			},
			want: Object{Known: true, Values: map[string]string{"a.example.com": "hangzhou"}},
		},
		"dot files and directories are skipped": {
			make: func(dir string) {
				write(t, filepath.Join(dir, ".a.example.com.swp"), "x")
				write(t, filepath.Join(dir, "sub", "a.example.com"), "x")
			},
			want: Object{Known: true},
		},
		"a file that is too long is read to one byte more than is allowed": {
			make: func(dir string) { write(t, filepath.Join(dir, "a.example.com"), strings.Repeat("x", 1<<20)) },
			want: Object{Known: true, Values: map[string]string{"a.example.com": strings.Repeat("x", 64<<10+1)}},
		},
		"what can't be read is named, in one sentence, and the rest is read": {
			make: func(dir string) {
				write(t, filepath.Join(dir, "c.example.com"), "hangzhou")
				must(t, os.Symlink("nowhere", filepath.Join(dir, "a.example.com")))
				must(t, syscall.Mkfifo(filepath.Join(dir, "b.example.com"), 0o600))
			},
			want: Object{
				Known: true, Values: map[string]string{"c.example.com": "hangzhou"},
				Unreadable: map[string]string{
					"a.example.com": "DIR/a.example.com can't be read: it is a symlink that leads nowhere",
					"b.example.com": "DIR/b.example.com can't be read: it is not a regular file",
				},
			},
		},
		"what was read before stays when the directory can't be listed": {
			make: func(dir string) { write(t, dir, "a file") }, last: before,
			want: Object{Known: true, Values: before.Values, Problem: "directory DIR can't be read: not a directory"},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "switch")
			test.make(dir)
			got := readDir(dir, test.last)
			got.Problem = strings.ReplaceAll(got.Problem, dir, "DIR")
			for name, why := range got.Unreadable {
				got.Unreadable[name] = strings.ReplaceAll(why, dir, "DIR")
			}
			if !got.equal(test.want) {
				t.Error(cmp.Diff(test.want, got))
			}
		})
	}
}

func TestDirFollowsTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inputs")
	r := run(t, func(ctx context.Context, publish func(Snapshot)) error { return Dir(ctx, dir, publish) })
	r.await("nothing is there", func(s Snapshot) bool {
		return s.Switch.Known && s.State.Known && strings.Contains(s.Switch.Problem, "does not exist")
	})
	write(t, filepath.Join(dir, "switch", "reg.example.com"), "hangzhou")
	r.await("the switch is there", good("hangzhou"))
	write(t, filepath.Join(dir, "state", "reg.example.com"), "{}")
	r.await("the state is there too", func(s Snapshot) bool { return s.State.Values["reg.example.com"] == "{}" && good("hangzhou")(s) })
	write(t, filepath.Join(dir, "switch", "reg.example.com"), "zhangjiakou")
	r.await("the switch was replaced", good("zhangjiakou"))
	must(t, os.RemoveAll(filepath.Join(dir, "switch")))
	r.await("the switch was removed", func(s Snapshot) bool {
		return len(s.Switch.Values) == 0 && strings.Contains(s.Switch.Problem, "does not exist")
	})
	for i, s := range r.all[1:] {
		if s.equal(r.all[i]) {
			t.Errorf("published twice: %+v", s)
		}
	}
}

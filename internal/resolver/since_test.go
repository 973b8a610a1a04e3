package resolver_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/registry-failover/registry-failover/internal/lastgood"
)

func TestReportSaysSinceWhenTheBlockIsWhatItIs(t *testing.T) {
	prepare := func(cache *lastgood.Store) {
		must(t, cache.Save("records/"+name, []byte(`{"addresses":["10.2.0.99"]}`)))
	}
	inBubble(t, prepare, func(b *bench) {
		file, err := os.Stat(filepath.Join(b.dir, "etc/hosts"))
		must(t, err)
		since := func(what string, want time.Time) {
			t.Helper()
			settle()
			if all, _ := b.reports.taken(); len(all) != 1 || !all[0].Since.Equal(want) {
				t.Errorf("%s: want one report since %s, got %+v", what, want, all)
			}
		}
		b.read <- read("privatezone", "-")
		since("a start finds the file without a block", file.ModTime().Truncate(time.Second))
		thrown := time.Now()
		b.read <- read("hangzhou", "-")
		since("a failover", thrown)
		b.write("etc/hosts", "127.0.0.1 localhost\n10.9.8.7 other.example.com\n")
		time.Sleep(11 * time.Second)
		if all, _ := b.reports.taken(); len(all) > 0 {
			t.Errorf("a block that was repaired is as old as before: %+v", all)
		}
		if got := b.hosts(); got == "127.0.0.1 localhost\n10.9.8.7 other.example.com\n" {
			t.Error("the block wasn't repaired")
		}
		back := time.Now()
		b.read <- read("privatezone", "-")
		since("a failback", back)
	})
}

package switchkeeper

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/registry-failover/registry-failover/internal/published"
)

// TestFiles lets a keeper look at a directory after each step.
func TestFiles(t *testing.T) {
	const absent = "(absent)"
	dir := t.TempDir()
	files := NewFiles(published.InDir(dir), endpoints(t), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	path := func(object string) string { return filepath.Join(dir, object, name) }
	for _, step := range []struct {
		sentence               string
		do                     func() error
		wantSwitch, wantRecord string
	}{
		{"a switch is created", func() error { return nil }, "privatezone\n", `{"lastSwitch":"privatezone","version":1}` + "\n"},
		{"a valid one is recorded", func() error { return os.WriteFile(path("switch"), []byte(" hangzhou \n"), 0o600) },
			" hangzhou \n", `{"lastSwitch":"hangzhou","version":1}` + "\n"},
		{"one that isn't changes nothing", func() error { return os.WriteFile(path("switch"), []byte("atlantis"), 0o600) },
			"atlantis", `{"lastSwitch":"hangzhou","version":1}` + "\n"},
		{"a missing one comes back", func() error { return os.Remove(path("switch")) },
			"hangzhou\n", `{"lastSwitch":"hangzhou","version":1}` + "\n"},
		{"a missing record, too", func() error { return os.RemoveAll(filepath.Join(dir, "state")) },
			"hangzhou\n", `{"lastSwitch":"hangzhou","version":1}` + "\n"},
		{"what else is known stays", func() error {
			return os.WriteFile(path("state"), []byte(`{"version":1,"lastSwitch":"privatezone","zones":{}}`), 0o600)
		}, "hangzhou\n", `{"lastSwitch":"hangzhou","version":1,"zones":{}}` + "\n"},
		{"a switch that can't be read is not replaced", func() error {
			return errors.Join(os.Remove(path("switch")), os.Symlink("nowhere", path("switch")))
		}, absent, `{"lastSwitch":"hangzhou","version":1,"zones":{}}` + "\n"},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time for what the first has written
			files.keep(t.Context())
		}
		for object, want := range map[string]string{"switch": step.wantSwitch, "state": step.wantRecord} {
			got, err := os.ReadFile(path(object))
			if os.IsNotExist(err) {
				got = []byte(absent)
			}
			if got := sinceText.ReplaceAllString(string(got), ""); got != want {
				t.Errorf("%s: the %s is %q, want %q", step.sentence, object, got, want)
			}
		}
	}
}

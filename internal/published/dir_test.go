package published

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

const name = "cross-region.registry.io"

func TestDirWritesWhatWasRead(t *testing.T) {
	ctx := t.Context()
	d := InDir(t.TempDir())
	none, err := d.Read(ctx, inputs.StateName, name)
	if err != nil || none.There {
		t.Fatalf("got %+v, %v where nothing stands", none, err)
	}
	for _, text := range []string{"a", "b"} {
		read, err := d.Read(ctx, inputs.StateName, name)
		if err == nil {
			err = d.Write(ctx, inputs.StateName, name, read, text)
		}
		if got, _ := d.Read(ctx, inputs.StateName, name); err != nil || got.Text != text+"\n" {
			t.Errorf("%+v stands after %q was written: %v", got, text, err)
		}
	}
	if err := d.Write(ctx, inputs.StateName, name, none, "c"); !errors.Is(err, ErrMeanwhile) {
		t.Errorf("what was written meanwhile is replaced: %v", err)
	}
	left, err := os.ReadDir(d.Of(inputs.StateName))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestDirReplacesNothingNew has a file appear after the comparison.
func TestDirReplacesNothingNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "switch", name)
	if err := put(path, "hangzhou\n", true); err != nil {
		t.Fatal(err)
	}
	if err := put(path, "privatezone\n", true); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "hangzhou\n" {
		t.Errorf("%q stands, %v", got, err)
	}
}

func TestDirTellsWhatCantBeWritten(t *testing.T) {
	d := InDir(filepath.Join(t.TempDir(), "missing"))
	err := d.Write(t.Context(), inputs.StatusName, name, Value{}, "a")
	if err == nil || err.Error() != filepath.Join(d.Of(inputs.StatusName), name)+" can't be written: no such file or directory" {
		t.Errorf("got %v", err)
	}
}

package published

import (
	"testing"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

func TestDropStatusLeavesThePartsOfOthers(t *testing.T) {
	const endpoint = "cross-region.registry.io"
	for stands, want := range map[string]string{
		"":                                    "",
		"null":                                "null\n",
		"no JSON":                             "no JSON\n",
		`{"version":1,"theirs":[3]}`:          `{"version":1,"theirs":[3]}` + "\n",
		`{"version":1,"mine":2,"theirs":[3]}`: `{"theirs":[3],"version":1}` + "\n",
	} {
		store := InDir(t.TempDir())
		if stands != "" {
			if err := store.Write(t.Context(), inputs.StatusName, endpoint, Value{}, stands); err != nil {
				t.Fatal(err)
			}
		}
		if err := DropStatus(t.Context(), store, endpoint, "mine"); err != nil {
			t.Fatal(err)
		}
		got, err := store.Read(t.Context(), inputs.StatusName, endpoint)
		if err != nil || got.Text != want {
			t.Errorf("of %q is left %q, %v", stands, got.Text, err)
		}
	}
}

func TestPutStatusLeavesThePartsOfOthers(t *testing.T) {
	const endpoint = "cross-region.registry.io"
	for stands, want := range map[string]string{
		"":                                    `{"mine":{"a":1},"version":1}`,
		"null":                                `{"mine":{"a":1},"version":1}`,
		"no JSON":                             `{"mine":{"a":1},"version":1}`,
		`{"version":1,"mine":2,"theirs":[3]}`: `{"mine":{"a":1},"theirs":[3],"version":1}`,
	} {
		store := InDir(t.TempDir())
		if stands != "" {
			if err := store.Write(t.Context(), inputs.StatusName, endpoint, Value{}, stands); err != nil {
				t.Fatal(err)
			}
		}
		if err := PutStatus(t.Context(), store, endpoint, "mine", map[string]int{"a": 1}); err != nil {
			t.Fatal(err)
		}
		got, err := store.Read(t.Context(), inputs.StatusName, endpoint)
		if err != nil || got.Text != want+"\n" { // a file ends with its line
			t.Errorf("beside %q stands %q, %v; want %q", stands, got.Text, err, want)
		}
	}
}

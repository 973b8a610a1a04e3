package published

import (
	"context"
	"encoding/json"

	"github.com/registry-failover/registry-failover/internal/inputs"
)

// statusVersion is the schema of an endpoint's status.
const statusVersion = 1

// A Store is where texts are published: [ConfigMaps], or a [Dir].
type Store interface {
	Read(ctx context.Context, object, endpoint string) (Value, error)
	Write(ctx context.Context, object, endpoint string, read Value, text string) error
}

// PutStatus writes a part of an endpoint's status as JSON under its name, and
// leaves the parts of others that stand there as they are.
func PutStatus(ctx context.Context, store Store, endpoint, part string, content any) error {
	read, err := store.Read(ctx, inputs.StatusName, endpoint)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if read.There {
		_ = json.Unmarshal([]byte(read.Text), &fields) // what can't be read holds nothing to keep
	}
	if fields == nil { // of the text null
		fields = map[string]any{}
	}
	fields["version"], fields[part] = statusVersion, content
	return writeStatus(ctx, store, endpoint, read, fields)
}

// DropStatus takes a part of an endpoint's status away, if there is one.
func DropStatus(ctx context.Context, store Store, endpoint, part string) error {
	read, err := store.Read(ctx, inputs.StatusName, endpoint)
	if err != nil || !read.There {
		return err
	}
	fields := map[string]any{}
	if err := json.Unmarshal([]byte(read.Text), &fields); err != nil {
		return nil //nolint:nilerr // what can't be read has no part, and whoever puts one there replaces it
	}
	if _, there := fields[part]; !there {
		return nil
	}
	delete(fields, part)
	return writeStatus(ctx, store, endpoint, read, fields)
}

func writeStatus(ctx context.Context, store Store, endpoint string, read Value, fields map[string]any) error {
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return store.Write(ctx, inputs.StatusName, endpoint, read, string(text))
}

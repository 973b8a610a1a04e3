package alibaba

import (
	"context"
	"errors"
	"fmt"
)

const (
	// pageSize is the most that the API gives.
	pageSize = 100
	// maxItems ends the reading of a list that can't be what was asked for.
	maxItems = 10_000
	// readings is how often a list is read again that changed while it was read.
	readings = 3
)

// A page is a part of a list, with what the answer says about the whole.
type page[T any] struct {
	number, size, total int
	items               []T
}

// errTorn says that the pages of a list don't fit together.
var errTorn = errors.New("the list changed while it was read")

// readAll returns the whole list that an action of PrivateZone gives. Pages are
// read anew when they don't fit together; a list that never does is an error.
func readAll[T any](ctx context.Context, action string, id func(T) string, fetch func(ctx context.Context, number int) (page[T], error)) ([]T, error) {
	var err error
	for range readings {
		var items []T
		if items, err = readOnce(ctx, action, id, fetch); !errors.Is(err, errTorn) {
			return items, err
		}
	}
	return nil, malformed(action, err.Error())
}

func malformed(action, detail string) error {
	return &Error{Service: privateZone, Action: action, Kind: Malformed, detail: detail}
}

// readOnce reads each page once. The list is whole when every page is the one
// that was asked for and as long as it must be, all give the same total, and
// nothing is in it twice.
func readOnce[T any](ctx context.Context, action string, id func(T) string, fetch func(ctx context.Context, number int) (page[T], error)) ([]T, error) {
	var items []T
	seen := map[string]bool{}
	for number, total := 1, 0; ; number++ {
		p, err := fetch(ctx, number)
		if err != nil {
			return nil, err
		}
		if number == 1 {
			total = p.total
		}
		switch {
		// An answer that is JSON but no page, such as {}, has zeroes here.
		case p.number != number || p.size != pageSize:
			return nil, malformed(action, fmt.Sprintf("asked for page %d of %d items, got page %d of %d", number, pageSize, p.number, p.size))
		case p.total < 0 || p.total > maxItems:
			return nil, malformed(action, fmt.Sprintf("the list has %d items: at most %d are read", p.total, maxItems))
		case p.total != total:
			return nil, fmt.Errorf("%w: it had %d items, then %d", errTorn, total, p.total)
		case len(p.items) != min(pageSize, total-len(items)):
			return nil, fmt.Errorf("%w: page %d has %d items, not %d", errTorn, number, len(p.items), min(pageSize, total-len(items)))
		}
		for _, item := range p.items {
			if key := id(item); key == "" || seen[key] {
				return nil, fmt.Errorf("%w: item %q is there twice or has no id", errTorn, key)
			}
			seen[id(item)] = true
		}
		items = append(items, p.items...)
		if len(items) == total {
			return items, nil
		}
	}
}

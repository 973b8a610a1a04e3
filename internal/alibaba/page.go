package alibaba

import (
	"context"
	"errors"
	"fmt"
)

const (
	// pageSize is the most that PrivateZone gives, and ListRepository of ACR
	// (https://help.aliyun.com/document_detail/451339.htm).
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

// A list is what an action of a service gives page by page.
type list struct{ service, action string }

// readAll returns the whole list. Pages are read anew when they don't fit
// together; a list that never does is an error.
func readAll[T any](ctx context.Context, of list, id func(T) string, fetch func(ctx context.Context, number int) (page[T], error)) ([]T, error) {
	var err error
	for range readings {
		var items []T
		if items, err = readOnce(ctx, of, id, fetch); !errors.Is(err, errTorn) {
			return items, err
		}
	}
	return nil, of.malformed(err.Error())
}

func (l list) malformed(detail string) error {
	return &Error{Service: l.service, Action: l.action, Kind: Malformed, detail: detail}
}

// malformed is an error of PrivateZone.
func malformed(action, detail string) error { return list{privateZone, action}.malformed(detail) }

// readOnce reads each page once. The list is whole when every page is the one
// that was asked for and as long as it must be, all give the same total, and
// nothing is in it twice.
func readOnce[T any](ctx context.Context, of list, id func(T) string, fetch func(ctx context.Context, number int) (page[T], error)) ([]T, error) {
	var items []T
	seen := map[string]bool{}
	for number, total, size := 1, 0, 0; ; number++ {
		p, err := fetch(ctx, number)
		if err != nil {
			return nil, err
		}
		if number == 1 {
			total, size = p.total, p.size
		}
		switch {
		// An answer that is JSON but no page, such as {}, has zeroes here.
		// Not each action tells how long its pages may be: one may give shorter ones than it was asked for.
		case p.number != number || p.size != size || p.size < 1 || p.size > pageSize:
			return nil, of.malformed(fmt.Sprintf("asked for page %d of %d items, got page %d of %d", number, pageSize, p.number, p.size))
		case p.total < 0 || p.total > maxItems:
			return nil, of.malformed(fmt.Sprintf("the list has %d items: at most %d are read", p.total, maxItems))
		case p.total != total:
			return nil, fmt.Errorf("%w: it had %d items, then %d", errTorn, total, p.total)
		case len(p.items) != min(size, total-len(items)):
			return nil, fmt.Errorf("%w: page %d has %d items, not %d", errTorn, number, len(p.items), min(size, total-len(items)))
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

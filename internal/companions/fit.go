package companions

import (
	"cmp"
	"maps"
	"slices"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// fit encodes as much of an index as fits into so many bytes of keys and values: the
// same index gives the same texts. It counts the Secrets that have no room. Where not
// all has, each namespace has as much as any other, so that one with thousands of
// Secrets leaves out its own; which of them is by the order of names.
func fit(index pullsecrets.Index, room int) (texts map[string]string, leftOut int) {
	all, texts := make(map[string]string, len(index)), map[string]string{}
	for namespace, known := range index {
		all[namespace] = known.Encode()
	}
	order := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a)+len(all[a]), len(b)+len(all[b])), cmp.Compare(a, b))
	})
	for i, namespace := range order {
		text := all[namespace]
		if share := room / (len(order) - i); len(namespace)+len(text) > share {
			some := shorten(index[namespace], share-len(namespace))
			leftOut += len(index[namespace]) - len(some)
			if len(some) == 0 {
				continue
			}
			text = some.Encode()
		}
		texts[namespace] = text
		room -= len(namespace) + len(text)
	}
	return texts, leftOut
}

// shorten is as much of a namespace as can be encoded in so many bytes, by the order of names.
func shorten(all pullsecrets.Namespace, room int) pullsecrets.Namespace {
	some := pullsecrets.Namespace{}
	room -= len("{}")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one := len(pullsecrets.Namespace{name: all[name]}.Encode()) - len("{}") + len(",")
		if one > room {
			break
		}
		room -= one
		some[name] = all[name]
	}
	return some
}

// size is how many bytes a ConfigMap's data has.
func size(texts map[string]string) (n int) {
	for key, text := range texts {
		n += len(key) + len(text)
	}
	return n
}

package companions

import (
	"maps"
	"slices"

	"github.com/registry-failover/registry-failover/internal/pullsecrets"
)

// fit encodes as much of an index as fits into so many bytes of keys and values, by
// the order of names: the same index gives the same texts. It counts the Secrets
// that have no room.
func fit(index pullsecrets.Index, room int) (texts map[string]string, leftOut int) {
	texts = map[string]string{}
	for _, namespace := range slices.Sorted(maps.Keys(index)) {
		all := index[namespace]
		text := all.Encode()
		if len(namespace)+len(text) > room {
			some := pullsecrets.Namespace{}
			free := room - len(namespace) - len("{}")
			for _, name := range slices.Sorted(maps.Keys(all)) {
				one := len(pullsecrets.Namespace{name: all[name]}.Encode()) - len("{}") + len(",")
				if one > free {
					break
				}
				free -= one
				some[name] = all[name]
			}
			leftOut += len(all) - len(some)
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

// size is how many bytes a ConfigMap's data has.
func size(texts map[string]string) (n int) {
	for key, text := range texts {
		n += len(key) + len(text)
	}
	return n
}
